"""What is sold: a file with price, stock and for whom (SV1), and what of it a customer's words mean."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from bot.faults import SettingsFault
from bot.flows.understanding.plain import plain
from bot.handlers.worded import Worded, Words

Stock = Literal["in_stock", "few", "on_order", "sold_out"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
SHOWN = 3
"""How many products are recommended at most."""


class Kind(Worded):
    id: Name
    label: Words
    words: tuple[str, ...] = ()


class Fact(Worded):
    """One line of a comparison."""

    name: Words
    value: Words


class Product(Worded):
    id: Name
    kind: Name
    name: Words
    price: Annotated[int, Field(gt=0)]
    stock: Stock
    as_of: date
    """The day on which price and stock were looked at."""
    people: tuple[int, int] = (1, 99)
    """For households of how many."""
    for_whom: Words = Field(alias="for")
    facts: tuple[Fact, ...] = ()


class Range(Worded):
    """Everything that is sold."""

    currency: Words
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, max_length=8)]
    products: Annotated[tuple[Product, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> "Range":
        kinds, ids = {one.id for one in self.kinds}, [one.id for one in self.products]
        unknown = sorted({one.kind for one in self.products} - kinds)
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if unknown or twice:
            raise ValueError(f"products: unknown kinds {unknown}, ids that stand there twice {twice}")
        return self

    def product(self, product_id: str | None) -> Product | None:
        """The product of this id."""
        return next((one for one in self.products if one.id == product_id), None)

    def kind(self, kind_id: str | None) -> Kind | None:
        """The kind of this id."""
        return next((one for one in self.kinds if one.id == kind_id), None)

    def kind_meant(self, said: str) -> Kind | None:
        """The kind that words speak of, if of one only; its id is such a word too."""
        words = plain(said)
        meant = [
            kind
            for kind in self.kinds
            if words == kind.id or any(plain(one) in words for one in (*kind.words, *kind.label.values()))
        ]
        return meant[0] if len(meant) == 1 else None

    def products_meant(self, said: str) -> Sequence[Product]:
        """The products that words name, by id, model number ("F501") or name, in the order in which they are named."""
        words = plain(said)
        found = {one.id: place for one in self.products if (place := _place_of(one, words)) >= 0}
        return [one for one in sorted(self.products, key=lambda each: found.get(each.id, 0)) if one.id in found]

    def advised(self, kind: str, people: int | None, budget: float | None) -> Sequence[Product]:
        """What suits best, first; what costs more than the budget, or cannot be had, is not among it."""
        suiting = [
            one
            for one in self.products
            if one.kind == kind and one.stock != "sold_out" and (budget is None or one.price <= budget)
        ]
        suiting.sort(key=lambda one: (_off(one, people), one.stock == "on_order", one.price))
        fitting = [one for one in suiting if _off(one, people) == 0]
        return (fitting or suiting)[:SHOWN]

    def of_kind(self, kind: str | None) -> Sequence[Product]:
        """The products of a kind, the cheapest first."""
        return sorted((one for one in self.products if one.kind == kind), key=lambda one: one.price)


@cache
def read_range(file: Path | None) -> Range:
    """The products of a file, or the demo company's. Raises :class:`SettingsFault` with what is wrong in it."""
    source = (files("bot.handlers") / "products.yml") if file is None else file
    try:
        return Range.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise SettingsFault([f"service.products_file: {fault}"]) from None
    except ValidationError as fault:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors(include_url=False)]
        raise SettingsFault([f"service.products_file: {line}" for line in lines]) from None


def _off(product: Product, people: int | None) -> int:
    """By how many people a household is too small or too large for it."""
    least, most = product.people
    return 0 if people is None else max(least - people, people - most, 0)


def _place_of(product: Product, words: str) -> int:
    """Where in the words the product is named; -1 where it is not. "w100" is not named by "w100d"."""
    model = product.id.rpartition("-")[2]
    for name in (product.id, *(plain(one) for one in product.name.values()), model):
        place = words.find(name)
        while place >= 0:
            end = place + len(name)
            if not _continues(words[end : end + 1]) and not _continues(words[place - 1 : place] if place else ""):
                return place
            place = words.find(name, place + 1)
    return -1


def _continues(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
