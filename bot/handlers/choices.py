"""The choices that a customer has about their data: one per purpose, for sharing one per recipient (PIPL 14, 23)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import yaml

from bot.flows.understanding.plain import core, plain
from bot.flows.understanding.values.labels import find_label
from bot.handlers.action import HandlerTurn
from bot.handlers.evidence import Exchange
from bot.handlers.wording import Wording
from crm_adapter.consent.notices import NO_RECIPIENT, Notice
from crm_adapter.records.consent import (
    ANY_CHANNEL,
    Consent,
    ConsentEventType,
    ConsentReceipt,
    Guardian,
    NewConsentEvent,
)

words = Wording("consent")
_LOCALES = ("zh-Hans", "zh-Hant", "en")
WISHES: dict[str, list[str]] = yaml.safe_load(
    (files("bot.handlers") / "consent_wishes.yml").read_text(encoding="utf-8")
)
"""What customers say to all of the choices, in any of the languages."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One purpose (and recipient) to decide about: what stands on this channel, and ``rows`` on whatever channel."""

    notice: Notice
    marketing: bool
    standing: Consent | None
    rows: tuple[Consent, ...] = ()

    @property
    def key(self) -> str:
        """How buttons and slots name it."""
        return f"{self.notice.purpose}:{self.notice.recipient}" if self.notice.recipient else self.notice.purpose

    @property
    def recipient(self) -> str | None:
        """The third party it is about."""
        return self.notice.recipient or None

    @property
    def granted(self) -> bool:
        """Whether it is allowed now: agreed to, and by the notice in force."""
        return self.standing is not None and self.standing.state == "granted" and self.standing.current_notice

    @property
    def granted_anywhere(self) -> bool:
        """Whether it was agreed to on some channel, by whatever notice."""
        return any(one.state == "granted" for one in self.rows)

    @property
    def withdrawn_everywhere(self) -> bool:
        """Whether a withdrawal for all channels stands, and nothing was agreed to since."""
        return not self.granted_anywhere and any(
            one.state == "withdrawn" and one.channel == ANY_CHANNEL for one in self.rows
        )

    def channel(self, turn: HandlerTurn) -> str:
        """What a choice made here is for: messages are agreed to per channel, everything else for all."""
        return turn.channel if self.marketing else ANY_CHANNEL

    def title(self, locale: str) -> str:
        """What it is called."""
        told = self.notice.words(locale)
        if not self.notice.recipient:
            return str(told["title"])
        return words("with_recipient", locale, title=told["title"], recipient=told["recipients"][0]["name"])

    def state(self, locale: str) -> str:
        """What stands, in words."""
        if self.standing is None:
            return words("unknown", locale)
        if self.standing.state == "granted" and not self.standing.current_notice:
            return words("changed", locale)
        if self.marketing and self.standing.channel == ANY_CHANNEL and self.standing.state == "withdrawn":
            return words("off", locale)  # true also of what was never agreed to
        return words(self.standing.state, locale)

    def told(self, locale: str) -> str:
        """What a customer is told before being asked (PIPL 17, 23), and the question."""
        told = self.notice.words(locale)
        between = ", " if locale == "en" else "、"
        parts = [
            words(
                "told",
                locale,
                title=self.title(locale),
                purpose=told["purpose"],
                method=told["method"],
                categories=between.join(told["categories"]),
                retention=told["retention"],
            )
        ]
        parts += [
            words("told_recipient", locale, recipient=one["name"], contact=one["contact"]) for one in told["recipients"]
        ]
        return "\n".join([*parts, words("now", locale, state=self.state(locale)), "", str(told["ask"])])


async def choices_of(turn: HandlerTurn) -> list[Choice]:
    """Every choice there is, in the order of the company's file."""
    standing = await turn.crm.consents(turn.contact_id)
    notices = turn.crm.notices
    return [
        _choice(one, notices.purposes[one.purpose].marketing, standing, turn.channel)
        for one in notices.all()
        if notices.purposes[one.purpose].basis == "consent"
    ]


def find_choice(choices: Iterable[Choice], said: str) -> Choice | None:
    """The one that a button, or a customer's own words, name."""
    known = {one.key: one for one in choices}
    if said in known:
        return known[said]
    found = find_label(plain(said), {key: [one.title(locale) for locale in _LOCALES] for key, one in known.items()})
    return None if found is None else known[found]


def means(wish: str, said: str) -> bool:
    """Whether words are one of the wordings of ``done``, ``agree_all``, ``refuse_all`` or ``everything``."""
    return core(plain(said)) in {core(plain(one)) for one in WISHES[wish]}


async def record(
    turn: HandlerTurn,
    choice: Choice,
    event: ConsentEventType,
    said: Exchange,
    locale: str,
    *,
    channel: str | None = None,
    guardian: Guardian | None = None,
    actor: str = "customer",
    method: str = "chat",
) -> ConsentReceipt:
    """Writes a choice into the ledger, with what was said on both sides."""
    return await turn.crm.record_consent(
        NewConsentEvent(
            contact_id=turn.contact_id,
            event=event,
            purpose=choice.notice.purpose,
            channel=channel or choice.channel(turn),
            told_on=turn.channel,
            assurance=turn.assurance,
            locale=locale,
            prompt=said.prompt,
            reply=said.reply,
            prompt_message_id=said.prompt_message_id,
            reply_message_id=said.reply_message_id,
            method=method,
            actor=actor,
            occurred_at=turn.now,
            identity_id=turn.identity_id,
            recipient=choice.recipient,
            guardian=guardian,
            idempotency_key=turn.key(f"{choice.key}:{event}"),
            notice_hash=choice.notice.hash,
        )
    )


def _choice(notice: Notice, marketing: bool, standing: Sequence[Consent], channel: str) -> Choice:
    """For this channel stands what was chosen for it, or else for all."""
    about = (notice.purpose, notice.recipient)
    rows = {one.channel: one for one in standing if (one.purpose, one.recipient or NO_RECIPIENT) == about}
    return Choice(notice, marketing, rows.get(channel) or rows.get(ANY_CHANNEL), tuple(rows.values()))
