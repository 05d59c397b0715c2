"""Who may consent to what: pure, so that every adapter refuses the same (PIPL 13, 14, 23, 29, 31)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from crm_adapter.consent.fold import STATE_AFTER, Standing
from crm_adapter.consent.notices import NO_RECIPIENT, Notice, Notices
from crm_adapter.records.consent import ConsentRefused, NewConsentEvent, years_at


def is_child(birthdays: Iterable[date], today: date, below: int) -> bool:
    """Whether any birthday known of the family is a child's (SL7, PIPL 31): in doubt the child is protected.

    ``below`` is in full years of age.
    """
    return any(years_at(birthday, today) < below for birthday in birthdays)


def grants(event: NewConsentEvent) -> bool:
    """Whether the event would allow something."""
    return STATE_AFTER.get(event.event) == "granted"


def check_event(event: NewConsentEvent, notices: Notices, *, told: Notice | None, child: bool) -> Notice:
    """The notice the event is recorded with: the one it was ``told`` by, else the one in force.

    Saying no is always possible, also to what is no longer done: ``told`` is then an older notice, or the one shown
    last. Raises :class:`~crm_adapter.records.consent.ConsentRefused`.
    """
    purpose = notices.purposes.get(event.purpose)
    notice = told or notices.find(event.purpose, event.recipient or NO_RECIPIENT)
    if purpose is None and (told is None or grants(event)):
        raise ConsentRefused("unknown_purpose")
    if purpose is not None and purpose.basis == "contract" and event.event != "notice_shown":
        raise ConsentRefused("no_consent_needed")
    if purpose is not None and purpose.per_recipient and not event.recipient:
        raise ConsentRefused("recipient_needed")
    if notice is None:
        raise ConsentRefused("unknown_recipient")
    if grants(event):
        if notices.find(event.purpose, event.recipient or NO_RECIPIENT) is None:
            raise ConsentRefused("unknown_recipient")
        _check_grant(event, marketing=purpose is not None and purpose.marketing, child=child)
    return notice


def check_repetition(
    event: NewConsentEvent, subject: UUID, type_: str, purpose: str, channel: str, recipient: str | None
) -> None:
    """Whether the event is the one that has its idempotency key: a withdrawal must not pass for a grant's repetition.

    Raises :class:`~crm_adapter.records.consent.ConsentRefused` ``key_reused``.
    """
    said = (event.contact_id, event.event, event.purpose, event.channel, event.recipient or None)
    if said != (subject, type_, purpose, channel, recipient):
        raise ConsentRefused("key_reused")


def _check_grant(event: NewConsentEvent, *, marketing: bool, child: bool) -> None:
    if not event.prompt.strip():
        raise ConsentRefused("notice_missing")
    if child and marketing:
        raise ConsentRefused("minor_no_marketing")
    if event.guardian is None and (child or event.event == "guardian_granted"):
        raise ConsentRefused("guardian_needed")


def may_use(notices: Notices, purpose: str, recipient: str | None, standing: Standing | None, *, child: bool) -> bool:
    """Whether what stands allows the purpose: granted, on the notice in force, and for a child by a guardian.

    A changed notice, purpose, method or category needs a new answer first (PIPL 14): until then it is not allowed.
    """
    notice, configured = notices.find(purpose, recipient or NO_RECIPIENT), notices.purposes.get(purpose)
    if notice is None or configured is None:
        return False
    if configured.basis == "contract":
        return True
    if standing is None or standing.state != "granted" or standing.notice_hash != notice.hash:
        return False
    return not child or (standing.guardian and not configured.marketing)
