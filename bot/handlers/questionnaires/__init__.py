"""Questionnaires: what customers are asked for, from files (CP11, SV4)."""

from bot.handlers.questionnaires.form import Option, Question, Questionnaire, read_questionnaires

__all__ = ["Option", "Question", "Questionnaire", "read_questionnaires"]
