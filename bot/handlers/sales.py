"""Before a sale (SV1): advice by need, two products side by side, both honest about how old price and stock are."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.flows.understanding.choices import places_named
from bot.flows.understanding.plain import plain
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.moments import day_of_date
from bot.handlers.products import Kind, Product, read_range
from bot.handlers.worded import in_language
from bot.handlers.wording import Wording
from bot.settings import Settings
from crm_adapter.rights.working_days import ZONE

SHOWN_LAST = "sales_shown"
MOST_TOLD = 5
_PLACE: Final = re.compile(r"第.[个款]|\b(?:first|second|third|last)\b")
_OF_STOCK: Final = re.compile(
    r"有(?:现|没有?)?货|现货|库存|缺货|断货|\b(?:in|out of) stock\b|\bsold out\b"
    r"|(?:多少|几多)钱|什么价|价格|\bhow much\b|\bcosts?\b|\bprices?\b"
)
words = Wording("sales")


class _Sales(LocalAction):
    def __init__(self, settings: Settings) -> None:
        self._range = read_range(settings.service.products_file)
        self._stale_days = settings.service.products_stale_days

    def _price(self, product: Product, locale: str) -> str:
        return f"{product.price} {in_language(self._range.currency, locale)}"

    def _offer(self, product: Product, locale: str) -> str:
        return words(
            "offer",
            locale,
            name=in_language(product.name, locale),
            price=self._price(product, locale),
            stock=words(product.stock, locale),
            suits=in_language(product.for_whom, locale),
        )

    def _named(self, said: str, choices: Sequence[Product]) -> Sequence[Product]:
        """The products that words name, or whose places in a list they name ("1和3", "the first two")."""
        places = places_named(plain(said), len(choices))
        return [choices[place] for place in places] if places else self._range.products_meant(said)

    def _last_shown(self, tracker: Tracker) -> Sequence[Product]:
        """What an advice or a comparison has shown in this conversation, in its order."""
        return self._range.products_meant(str(tracker.get_slot(SHOWN_LAST) or ""))

    def _age(self, products: Sequence[Product], turn: HandlerTurn) -> str:
        """How old what was said of price and stock is: the oldest of them."""
        oldest: date = min(one.as_of for one in products)
        days = (turn.now.astimezone(ZONE).date() - oldest).days
        told = {"day": day_of_date(oldest, turn.locale), "days": days}
        return words("stale" if days >= self._stale_days else "as_of", turn.locale, **told)


class BeginAdvice(_Sales):
    """Takes the kind of product from the words that the customer came with. Who asks whether something can be had, and
    says or has just seen what, wants no advice but the answer."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        if tracker.get_slot("sales_kind"):
            return []
        said = str(within().message.get("text", ""))
        named = self._range.products_meant(said)
        kind = named[0].kind if named else _id(self._range.kind_meant(said))
        events: list[EventType] = [SlotSet("sales_kind", kind)]
        if _OF_STOCK.search(plain(said)):
            about = named or [one for one in self._last_shown(tracker) if kind in (None, one.kind)]
            about = about or self._range.of_kind(kind)[:MOST_TOLD]
            events += [
                SlotSet("sales_stock_asked", bool(about)),
                SlotSet(SHOWN_LAST, " ".join(one.id for one in about)),
            ]
        return events


class TellStock(_Sales):
    """Price and stock of what was asked about, and how old they are; a person knows what is newer."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, found = within(), self._last_shown(tracker)
        if place := _PLACE.search(plain(str(turn.message.get("text", "")))):
            found = self._named(place[0].replace("款", "个"), found) or found
        if not found:  # what was shown is in the file of products no more
            dispatcher.utter_message(response="utter_sales_nothing")
            return []
        dispatcher.utter_message(
            response="utter_sales_stock",
            shown_products="\n".join(self._offer(one, turn.locale) for one in found),
            shown_age=self._age(found, turn),
        )
        return []


class AskSalesKind(_Sales):
    """Offers the kinds of products."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        locale = within().locale
        buttons = [
            {"payload": f"/SetSlots(sales_kind={one.id})", "title": in_language(one.label, locale)}
            for one in self._range.kinds
        ]
        dispatcher.utter_message(response="utter_sales_kinds", buttons=buttons)
        return []


class NoteSalesKind(_Sales):
    """Own words become a kind; what is not sold is said so."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        said = str(tracker.get_slot("sales_kind") or "")
        kind = self._range.kind_meant(said)
        if kind is None:
            dispatcher.utter_message(response="utter_sales_kind_unknown")
        return [SlotSet("sales_kind", _id(kind)), SlotSet("sales_kind_known", kind is not None)]


class AdviseProducts(_Sales):
    """What suits, with price, stock and their age; where the budget is too small, the cheapest."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, kind = within(), str(tracker.get_slot("sales_kind"))
        people, budget = tracker.get_slot("sales_people"), tracker.get_slot("sales_budget")
        found = self._range.advised(kind, None if people is None else int(people), budget)
        response = "utter_sales_advised"
        if not found:
            response, found = "utter_sales_too_little", self._range.of_kind(kind)[:1]
        if not found:
            dispatcher.utter_message(response="utter_sales_nothing")
            return []
        dispatcher.utter_message(
            response=response,
            shown_products="\n".join(self._offer(one, turn.locale) for one in found),
            shown_age=self._age(found, turn),
            buttons=list(_next_steps(found, turn.locale)),
        )
        return [SlotSet(SHOWN_LAST, " ".join(one.id for one in found))]


class BeginComparison(_Sales):
    """Takes the products, or their kind, from the words that the customer came with."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        if tracker.get_slot("compare_one"):
            return []
        said = str(within().message.get("text", ""))
        one, two = _two([product.id for product in self._named(said, self._last_shown(tracker))])
        kind = _id(self._range.kind_meant(said))
        return [SlotSet("compare_one", one), SlotSet("compare_two", two), SlotSet("sales_kind", kind)]


class _AskCompared(_Sales):
    def _ask(self, dispatcher: CollectingDispatcher, tracker: Tracker, slot: str, response: str) -> None:
        turn = within()
        first = self._range.product(tracker.get_slot("compare_one"))
        kind = first.kind if first else tracker.get_slot("sales_kind")
        buttons = [
            {"payload": f"/SetSlots({slot}={one.id})", "title": in_language(one.name, turn.locale)}
            for one in self._range.of_kind(kind)
            if first is None or one.id != first.id
        ]
        name = in_language(first.name, turn.locale) if first else ""
        dispatcher.utter_message(response=response, shown_first=name, buttons=buttons[:10])


class AskCompareOne(_AskCompared):
    """Offers the products of the kind."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        self._ask(dispatcher, tracker, "compare_one", "utter_compare_first")
        return []


class AskCompareTwo(_AskCompared):
    """Offers the other products of the same kind."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        self._ask(dispatcher, tracker, "compare_two", "utter_compare_second")
        return []


class NoteCompared(_Sales):
    """Own words become products; those that are not known, or one named twice, are asked for again."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        said = [str(tracker.get_slot(slot) or "") for slot in ("compare_one", "compare_two")]
        named: list[str] = []
        for words_ in said:
            shown = [one for one in self._range.of_kind(tracker.get_slot("sales_kind")) if one.id not in named]
            named += [product.id for product in self._named(words_, shown)]
        one, two = _two(list(dict.fromkeys(named)))
        if len(named) < sum(bool(words_) for words_ in said):
            dispatcher.utter_message(response="utter_compare_unknown")
        elif len(set(named)) < len(named):
            dispatcher.utter_message(response="utter_compare_same")
        return [SlotSet("compare_one", one), SlotSet("compare_two", two)]


class CompareProducts(_Sales):
    """Two products side by side."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        one, two = (self._range.product(tracker.get_slot(slot)) for slot in ("compare_one", "compare_two"))
        if one is None or two is None:
            dispatcher.utter_message(response="utter_sales_nothing")
            return []
        locale = turn.locale
        lines = [
            (words("price", locale), self._price(one, locale), self._price(two, locale)),
            (words("stock", locale), words(one.stock, locale), words(two.stock, locale)),
            (words("suits", locale), in_language(one.for_whom, locale), in_language(two.for_whom, locale)),
            *_facts(one, two, locale),
        ]
        dispatcher.utter_message(
            response="utter_compared",
            shown_first=in_language(one.name, locale),
            shown_second=in_language(two.name, locale),
            shown_lines="\n".join(
                words("line", locale, what=what, one=of_one, two=of_two) for what, of_one, of_two in lines
            ),
            shown_age=self._age([one, two], turn),
        )
        return [SlotSet(SHOWN_LAST, f"{one.id} {two.id}")]


def _facts(one: Product, two: Product, locale: str) -> list[tuple[str, str, str]]:
    """The facts of either; a dash where only the other has one."""
    names = dict.fromkeys(in_language(fact.name, locale) for product in (one, two) for fact in product.facts)
    known = [
        {in_language(fact.name, locale): in_language(fact.value, locale) for fact in each.facts} for each in (one, two)
    ]
    return [(name, known[0].get(name, "—"), known[1].get(name, "—")) for name in names]


def _next_steps(found: Sequence[Product], locale: str) -> Sequence[dict[str, str]]:
    steps = [{"payload": f"/start(book_visit, visit_product={found[0].id})", "title": words("see_it", locale)}]
    if len(found) > 1:
        both = f"/start(compare_products, compare_one={found[0].id}, compare_two={found[1].id})"
        steps.insert(0, {"payload": both, "title": words("compare_first_two", locale)})
    return steps


def _two(ids: Sequence[str]) -> tuple[str | None, str | None]:
    one, two, *_ = [*ids, None, None]
    return one, two


def _id(kind: Kind | None) -> str | None:
    return kind.id if kind else None
