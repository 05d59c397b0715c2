"""Rasa's action-server protocol: an outside Rasa lets our actions work for its customers."""

from bot.web.actions.routes import ACTION_LIMITS, ACTION_SERVER, ROUTES
from bot.web.actions.serving import ActionServer

__all__ = ["ACTION_LIMITS", "ACTION_SERVER", "ROUTES", "ActionServer"]
