"""Which actions there are. Each is made once, with the services that its constructor names."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from bot.handlers import (
    aftersales,
    case_answers,
    case_forms,
    case_news,
    case_wishes,
    cases,
    complaints,
    confirmation,
    consent,
    feedback,
    identity,
    orders,
    parking,
    person,
    privacy,
    profile,
    questionnaire,
    requests,
    sales,
    service_slots,
    suggestions,
    survey,
    visits,
    withdrawal,
)
from bot.handlers.action import LocalAction

ACTIONS: tuple[type[LocalAction], ...] = (
    aftersales.AskServiceAddress,
    aftersales.AskServiceConfirmed,
    aftersales.AskServiceReason,
    aftersales.OpenServiceCase,
    aftersales.TellServiceTerms,
    case_answers.AcceptSolution,
    case_answers.AskCasePath,
    case_answers.RefuseSolution,
    case_answers.ReopenCase,
    case_forms.AskCaseOrder,
    case_forms.AskCasePhone,
    case_forms.BeginCaseForm,
    case_forms.NoteCaseOrder,
    case_news.TellCaseChange,
    case_wishes.RaiseCase,
    case_wishes.UrgeCase,
    case_wishes.WithdrawCase,
    cases.AddToCase,
    cases.AskCaseNumber,
    cases.AskCaseWish,
    cases.ShowCase,
    complaints.AskComplaintCategory,
    complaints.AskComplaintConfirmed,
    complaints.AskComplaintOfferTaken,
    complaints.AskComplaintRemedy,
    complaints.NoteComplaintCategory,
    complaints.OpenComplaint,
    complaints.SeekSettlement,
    complaints.WeighComplaint,
    confirmation.CheckCode,
    confirmation.SendCode,
    consent.AskConsentAnswer,
    consent.AskConsentPurpose,
    consent.MatchConsent,
    consent.RecordConsent,
    consent.RepeatNotice,
    consent.ShowNotice,
    feedback.RateAnswer,
    identity.FindProof,
    orders.AskOrderNumber,
    orders.BeginOrderStatus,
    orders.ShowOrder,
    parking.FindParked,
    parking.ParkFlow,
    parking.TakeParked,
    person.LeaveMessage,
    person.NoteHandOver,
    person.QueueStatus,
    privacy.CheckCorrection,
    privacy.CorrectData,
    privacy.OfferExport,
    privacy.ShowData,
    privacy.TellErasure,
    profile.AskProfileField,
    profile.NoteChild,
    profile.SaveProfile,
    questionnaire.AskQuestionnaireAnswer,
    questionnaire.AskQuestionnaireName,
    questionnaire.BeginQuestionnaire,
    questionnaire.KeepQuestionnaire,
    questionnaire.NoteQuestionnaireAnswer,
    questionnaire.OpenQuestionnaire,
    requests.FindPrivacyRequest,
    requests.OpenPrivacyRequest,
    requests.SettleRequest,
    requests.TellKept,
    sales.AdviseProducts,
    sales.AskCompareOne,
    sales.AskCompareTwo,
    sales.AskSalesKind,
    sales.BeginAdvice,
    sales.BeginComparison,
    sales.CompareProducts,
    sales.NoteCompared,
    sales.NoteSalesKind,
    sales.TellStock,
    service_slots.AskServiceSlot,
    service_slots.NoteServiceSlot,
    suggestions.RecordSuggestion,
    survey.BeginSurvey,
    survey.RecordSurvey,
    survey.SeekSurvey,
    visits.AskVisitConfirmed,
    visits.AskVisitSlot,
    visits.BeginVisit,
    visits.BookVisit,
    visits.NoteVisitSlot,
    withdrawal.AskWithdrawPurpose,
    withdrawal.FindGranted,
    withdrawal.WithdrawAll,
    withdrawal.WithdrawConsent,
)
"""One class per line, sorted by module and name."""


class ServiceMissing(Exception):
    """An action asks for a service that there is none of."""


def make_actions(
    services: Mapping[str, Any], classes: tuple[type[LocalAction], ...] = ACTIONS
) -> tuple[LocalAction, ...]:
    """All actions. Raises :class:`ServiceMissing` with the name of the action and of the service."""
    return tuple(_make(action, services) for action in classes)


def _make(action: type[LocalAction], services: Mapping[str, Any]) -> LocalAction:
    names = [] if action.__init__ is object.__init__ else list(signature(action).parameters)
    for name in names:
        if name not in services:
            raise ServiceMissing(f"{action.__name__} asks for {name!r}; there are {', '.join(sorted(services))}")
    return action(**{name: services[name] for name in names})
