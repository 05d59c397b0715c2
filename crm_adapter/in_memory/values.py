"""Orders, standings and tags in memory (CP5-CP7), assessed by the same rules as in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from crm_adapter.in_memory.state import Room
from crm_adapter.port import BadField, Refused
from crm_adapter.records.value import Assessment, Figures, NewOrder, Order, Standing, Tag
from crm_adapter.value.assessment import BY_RULES
from crm_adapter.value.figures import QUARTER, YEAR
from crm_adapter.value.orders import check_order
from crm_adapter.value.rules import Rules
from crm_adapter.value.rules_file import rules_in_force
from crm_adapter.value.tags import LONGEST_REASON, tag_name

_UNDONE = ("cancelled", "returned")


class InMemoryValues(Room):
    """The orders and tags of :class:`crm_adapter.port.Values`."""

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return rules_in_force(self._state.policy.rules_file)

    async def put_order(self, order: NewOrder) -> Order:
        """See :meth:`crm_adapter.port.Values.put_order`."""
        check_order(order)
        state = self._state
        state.person(order.contact_id)
        named = (one for one in state.orders.values() if (one.source, one.reference) == (order.source, order.reference))
        before = next(named, None)
        stored = Order(
            id=before.id if before else state.new_id(),
            contact_id=order.contact_id,
            source=order.source,
            reference=order.reference,
            placed_at=order.placed_at,
            amount=order.amount,
            currency=order.currency,
            status=order.status,
            lines=tuple(order.lines),
        )
        if before == stored:
            return stored
        state.orders[stored.id] = stored
        concerned = {stored.contact_id} | ({before.contact_id} if before else set())
        for contact_id in sorted(concerned):
            state.changed(contact_id, "order", stored.id)
        self._assess(concerned)
        return stored

    async def orders(self, contact_id: UUID, *, limit: int | None = None) -> Sequence[Order]:
        """See :meth:`crm_adapter.port.Values.orders`."""
        family = self._state.family(contact_id)
        mine = (one for one in self._state.orders.values() if one.contact_id in family)
        return sorted(mine, key=lambda one: (one.placed_at, one.id), reverse=True)[:limit]

    async def tag(self, contact_id: UUID, name: str, by: str, reason: str) -> None:
        """See :meth:`crm_adapter.port.Values.tag`."""
        plain, state = _checked(name, reason), self._state
        if any((one, plain) in state.tags for one in state.family(contact_id)):
            return
        state.tags[contact_id, plain] = Tag(plain, by, reason, state.clock())
        state.changed(contact_id, "tag", state.new_id())

    async def untag(self, contact_id: UUID, name: str, by: str, reason: str) -> None:
        """See :meth:`crm_adapter.port.Values.untag`."""
        plain, state = _checked(name, reason), self._state
        family = state.family(contact_id)
        there = [(one, plain) for one in family if (one, plain) in state.tags]
        for place in there:
            del state.tags[place]
        if there:
            state.changed(contact_id, "tag", state.new_id())
        elif plain in self._tags_of_rules(family[0]):
            raise Refused("tag_of_rules")

    async def tags(self, contact_id: UUID) -> Sequence[Tag]:
        """See :meth:`crm_adapter.port.Values.tags`."""
        state = self._state
        family = state.family(contact_id)
        found = {
            name: Tag(name, BY_RULES, name, state.rule_tags[family[0], name], name)
            for name in self._tags_of_rules(family[0])
        }
        free = (tag for (holder, _), tag in state.tags.items() if holder in family)
        found.update((tag.name, tag) for tag in sorted(free, key=lambda tag: tag.at, reverse=True))
        return [found[name] for name in sorted(found)]

    def _tags_of_rules(self, root_id: UUID) -> tuple[str, ...]:
        standing = self._state.standings.get(root_id)
        return standing.assessment.tags if standing else ()

    def _assess(self, contact_ids: Iterable[UUID]) -> None:
        state, now = self._state, self._state.clock()
        for root in sorted({state.root(one) for one in contact_ids}):
            family = state.family(root)
            for one in family[1:]:
                state.figures.pop(one, None)
                state.standings.pop(one, None)
            figures = self._figures(family, now)
            assessment, before = self.rules.assess(figures, now), state.standings.get(root)
            state.figures[root] = figures
            state.standings[root] = _standing(root, assessment, before, now)
            had = before.assessment.tags if before else ()
            state.rule_tags.update({(root, name): now for name in assessment.tags if name not in had})
            if before is None or _seen(before.assessment) != _seen(assessment):
                state.changed(root, "standing", root)

    def _figures(self, family: Sequence[UUID], now: datetime) -> Figures:
        state, rates = self._state, self.rules.rates
        bought = [one for one in state.orders.values() if one.contact_id in family and one.status not in _UNDONE]
        accounts = {one.id for one in state.accounts.values() if one.home_id in family}
        talked = [one.interaction.occurred_at for one in state.interactions.values() if one.identity_id in accounts]
        year = [one for one in bought if one.placed_at >= now - YEAR]
        return Figures(
            contact_id=family[0],
            known_since=min(state.people[one].created_at for one in family),
            orders=len(bought),
            amount=round(sum(one.amount * rates.get(one.currency, 0) for one in bought)),
            amount_year=round(sum(one.amount * rates.get(one.currency, 0) for one in year)),
            orders_year=len(year),
            first_order_at=min((one.placed_at for one in bought), default=None),
            last_order_at=max((one.placed_at for one in bought), default=None),
            last_interaction_at=max(talked, default=None),
            interactions_quarter=sum(at >= now - QUARTER for at in talked),
        )


def _standing(root: UUID, new: Assessment, before: Standing | None, now: datetime) -> Standing:
    old = before.assessment if before else None
    return Standing(
        root,
        new,
        before.value_since if before and old and old.value_class == new.value_class else now,
        before.stage_since if before and old and old.stage == new.stage else now,
    )


def _seen(one: Assessment) -> tuple[str, str, tuple[str, ...]]:
    """What of an assessment outside systems can see; the names of the rules are ours."""
    return one.value_class, one.stage, one.tags


def _checked(name: str, reason: str) -> str:
    plain = tag_name(name)
    if len(reason) > LONGEST_REASON:
        raise BadField("reason", "too_long")
    return plain
