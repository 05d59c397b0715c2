"""Segments: saved filters over contacts, as JSON, evaluated in one SQL statement (CP5-CP7, CP10).

The language is that of :mod:`crm_adapter.value.conditions`: ``all``, ``any``, ``not`` and leaves. The fields:

    value_class, stage              the rules' outcomes
    locale, kind                    zh-Hans, zh-Hant, en; person, organisation
    industry, size, region          an organisation's
    owner                           the data owner's staff id
    orders, orders_year, amount, amount_year, interactions_quarter      numbers; amounts in minor units
    known_since, first_order_at, last_order_at, last_interaction_at     moments
    {"field": "tag", "has": name}            one of the rules' tags or a free one
    {"field": "channel", "has": name}        has an account there that can be reached
    {"field": "consent", "purpose": …, "channel": …, "recipient": …, "is": state}
        ``granted``, ``refused``, ``withdrawn`` or ``expired``;
        ``granted`` only when nothing that stands for that channel, or for all, says otherwise; channel and recipient
        may be left out. It is a filter for a preview: whoever writes to a customer asks ``may_use`` for each.

Every field but the last three also has ``known``. A contact that has not been assessed yet has no class and no stage;
figures that have not been computed are not known. Members are roots of which no family member is quarantined (no
lawful basis) or restricted (PIPL 44); that cannot be filtered away.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from crm_adapter.consent.tables import consents
from crm_adapter.records.consent import ANY_CHANNEL
from crm_adapter.records.value import BadSegment
from crm_adapter.tables import contacts, identities
from crm_adapter.value.compile import expression
from crm_adapter.value.conditions import AllOf, AnyOf, Condition, ConditionFault, Field, Leaf, Not, parse
from crm_adapter.value.organisations import SIZES
from crm_adapter.value.rules import FIGURE_FIELDS, LOCALES, STAGES, VALUE_CLASSES
from crm_adapter.value.tables import figures, organisations, standings, tags

CONSENT_STATES = ("granted", "refused", "withdrawn", "expired")


def _is_id(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True


FIELDS: Mapping[str, Field] = {
    **FIGURE_FIELDS,
    "value_class": Field("word", VALUE_CLASSES),
    "stage": Field("word", STAGES),
    "locale": Field("word", LOCALES),
    "kind": Field("word", ("person", "organisation")),
    "industry": Field("word"),
    "size": Field("word", SIZES),
    "region": Field("word"),
    "owner": Field("word", fits=_is_id),
    "tag": Field("special", operators=("has",)),
    "channel": Field("special", operators=("has",)),
    "consent": Field(
        "special", CONSENT_STATES, operators=("is",), needed=("purpose",), optional=("channel", "recipient")
    ),
}

_root = contacts.alias("c")
_member = contacts.alias("m")
_family = contacts.alias("f")
# Nearly everybody is a root, but PostgreSQL takes one column's being equal to another for rare, and would then look
# figures and standings up one by one, a million times; of a CASE it assumes one in two.
_IS_ROOT = case((_root.c.root_id == _root.c.id, true()), else_=false())
# What is known of an organisation: its root's word before that of others merged into it, the newest first.
_organisation = (
    select(_member.c.root_id, organisations.c.industry, organisations.c.size, organisations.c.region)
    .join(organisations, organisations.c.contact_id == _member.c.id)
    .ext(distinct_on(_member.c.root_id))
    .order_by(_member.c.root_id, (_member.c.id == _member.c.root_id).desc(), organisations.c.updated_at.desc())
    .subquery("o")
)
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    **{name: figures.c[name] for name in FIGURE_FIELDS},
    "value_class": standings.c.value_class,
    "stage": standings.c.stage,
    "locale": _root.c.locale,
    "kind": _root.c.kind,
    "industry": _organisation.c.industry,
    "size": _organisation.c.size,
    "region": _organisation.c.region,
    "owner": cast(_root.c.owner_id, Text),
}


def check_segment(condition: Mapping[str, object]) -> Condition:
    """The parsed condition. Raises :class:`BadSegment`."""
    try:
        return parse(condition, FIELDS)
    except ConditionFault as fault:
        raise BadSegment(fault.code, fault.place or "condition") from None


def members(condition: Condition, now: datetime) -> Select[UUID]:
    """The ids of the contacts the condition holds for, in no order."""
    fields = _fields_of(condition)
    source: Any = _root
    if fields & FIGURE_FIELDS.keys():
        source = source.outerjoin(figures, figures.c.contact_id == _root.c.id)
    if fields & {"value_class", "stage", "tag"}:
        source = source.outerjoin(standings, standings.c.contact_id == _root.c.id)
    if fields & {"industry", "size", "region"}:
        source = source.outerjoin(_organisation, _organisation.c.root_id == _root.c.id)
    withheld = contacts.alias("w")
    held_back = select(withheld.c.id).where(
        withheld.c.root_id == _root.c.id, or_(withheld.c.quarantined, withheld.c.restricted_at.is_not(None))
    )
    return (
        select(_root.c.id)
        .select_from(source)
        .where(_IS_ROOT, ~held_back.exists(), expression(condition, _COLUMNS, now, _special))
    )


def _fields_of(condition: Condition) -> frozenset[str]:
    match condition:
        case Leaf(field):
            return frozenset({field})
        case Not(part):
            return _fields_of(part)
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*map(_fields_of, parts))


def _special(leaf: Leaf) -> ColumnElement[bool]:
    if leaf.field == "channel":
        # A merge moves identities to the root, so these need no looking up of the family.
        reachable = select(identities.c.contact_id).where(identities.c.reachable)
        return _root.c.id.in_(reachable.where(identities.c.channel == leaf.operand))
    if leaf.field == "tag":
        free = _root.c.id.in_(_roots(tags, tags.c.contact_id).where(tags.c.name == leaf.operand))
        return or_(and_(standings.c.tags.is_not(None), standings.c.tags.contains([leaf.operand])), free)
    return _consent(leaf)


def _consent(leaf: Leaf) -> ColumnElement[bool]:
    asked = dict(leaf.more)
    rows = _roots(consents, consents.c.subject).where(consents.c.purpose == asked["purpose"])
    if "recipient" in asked:
        rows = rows.where(consents.c.recipient == asked["recipient"])
    if "channel" in asked:
        rows = rows.where(consents.c.channel.in_([asked["channel"], ANY_CHANNEL]))
    if leaf.operand != "granted":
        return _root.c.id.in_(rows.where(consents.c.state == leaf.operand))
    # The most restrictive choice of the family wins; without a channel, that of another channel is no contradiction.
    granted = consents.c.state == "granted"
    fits = granted if "channel" in asked else or_(granted, consents.c.channel != ANY_CHANNEL)
    agreeing = rows.group_by(rows.selected_columns[0]).having(and_(func.bool_or(granted), func.bool_and(fits)))
    return _root.c.id.in_(agreeing)


def _roots(table: Any, contact_id: ColumnElement[UUID]) -> Select[UUID]:
    """Whom the table's rows are about, as roots: only the few who were merged are looked up, in an index of theirs."""
    merged = table.outerjoin(_family, and_(_family.c.id == contact_id, _family.c.id != _family.c.root_id))
    return select(func.coalesce(_family.c.root_id, contact_id)).select_from(merged)
