"""Trained once, in a process of its own; loaded by every other process and by the next start."""

import pickle
import zlib
from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge_base.articles import Article
from knowledge_base.packing import UnknownContent, engine_key, pack, unpack
from knowledge_base.store import import_articles
from knowledge_base.train import TrainingFailed, train_apart
from knowledge_base.watch import LiveIndex
from knowledge_base.wishes import wishes_from

ARTICLES = [
    Article("returns", {"en": "How do I return a product?", "zh-Hans": "怎么退货"}, {"en": "Send it back."}),
    Article("delivery", {"en": "How long does delivery take?", "zh-Hans": "几天能送到"}, {"en": "Two days."}),
    Article("invoice", {"en": "How do I get an invoice?", "zh-Hans": "怎么开发票"}, {"en": "In the app."}),
]


class Trainer:
    """Trains for real, counting how often it is asked; fails when told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked = 0
        self.fails = fails

    async def __call__(self, articles: Sequence[Article]) -> bytes:
        self.asked += 1
        if self.fails:
            raise TrainingFailed("no memory")
        return await train_apart(articles)


@pytest.fixture
async def stocked(engine: AsyncEngine) -> AsyncEngine:
    async with engine.begin() as connection:
        await import_articles(connection, ARTICLES, source="test")
    return engine


def best(live: LiveIndex, question: str) -> str:
    return live.current.search(question, "en").hits[0].article_id


async def test_one_process_trains_and_the_others_load(stocked: AsyncEngine) -> None:
    first, second = Trainer(), Trainer()
    one, two = LiveIndex(first), LiveIndex(second)
    assert await one.refresh(stocked)
    assert await two.refresh(stocked)
    assert (first.asked, second.asked) == (1, 0)
    assert best(one, "怎么退货") == best(two, "怎么退货") == "returns"
    assert not await two.refresh(stocked)


async def test_a_changed_article_trains_again_and_old_engines_go(stocked: AsyncEngine) -> None:
    live = LiveIndex(trainer := Trainer())
    await live.refresh(stocked)
    for number in range(5):
        async with stocked.begin() as connection:
            question = {"en": f"How do I get my money back, way {number}?"}
            await import_articles(connection, [*ARTICLES, Article("refund", question, {"en": "."})], source="test")
        assert await live.refresh(stocked)
    assert trainer.asked == 6
    assert best(live, "How do I get my money back, way 4?") == "refund"
    async with stocked.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM kb.engines"))).scalar_one() == 4


async def test_wishes_are_found_in_the_same_index_and_a_change_of_them_trains_again(stocked: AsyncEngine) -> None:
    known = [("return_goods", {"en": ("return it", "I want to return it")})]
    live = LiveIndex(trainer := Trainer(), wishes=lambda: wishes_from(known))
    await live.refresh(stocked)
    assert not await live.refresh(stocked)
    assert [wish.name for wish in live.current.search("return it", "en").wishes] == ["return_goods"]
    assert len(live.current) == 3
    assert best(live, "怎么开发票") == "invoice"
    known.append(("complain", {"en": ("I want to complain",)}))
    assert await live.refresh(stocked)
    assert live.current.search("I want to complain", "en").wishes[0].name == "complain"
    other = LiveIndex(second := Trainer(), wishes=lambda: wishes_from(known))
    assert await other.refresh(stocked)
    assert (trainer.asked, second.asked) == (2, 0)


async def test_wishes_alone_are_an_index(engine: AsyncEngine) -> None:
    live = LiveIndex(Trainer(), wishes=lambda: wishes_from([("complain", {"en": ("I want to complain", "complaint")})]))
    assert await live.refresh(engine)
    result = live.current.search("complaint", "en")
    assert (result.verdict, result.hits, result.sure) == ("nothing", (), True)
    assert live.current.search("how do I complain about it", "en").wishes


async def test_a_failed_training_leaves_the_index_and_is_not_repeated(stocked: AsyncEngine) -> None:
    live = LiveIndex(trainer := Trainer())
    await live.refresh(stocked)
    trainer.fails = True
    async with stocked.begin() as connection:
        await import_articles(connection, ARTICLES[:1], source="test")
    assert not await live.refresh(stocked)
    assert not await live.refresh(stocked)
    assert trainer.asked == 2
    assert len(live.current) == 3


async def test_a_damaged_engine_is_trained_again(stocked: AsyncEngine) -> None:
    await LiveIndex(Trainer()).refresh(stocked)
    async with stocked.begin() as connection:
        await connection.execute(text("UPDATE kb.engines SET content = 'damaged'"))
    live = LiveIndex(trainer := Trainer())
    assert await live.refresh(stocked)
    assert trainer.asked == 1
    assert best(live, "怎么开发票") == "invoice"


async def test_the_training_process_says_what_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Article, "as_json", lambda self: {"id": self.id})
    with pytest.raises(TrainingFailed, match="KeyError"):
        await train_apart(ARTICLES)


async def test_an_engine_survives_its_packing() -> None:
    packed = await train_apart(ARTICLES)
    engine = unpack(packed)
    assert engine is not None
    assert unpack(pack(engine)).rank("怎么退货", 2) == engine.rank("怎么退货", 2)  # type: ignore[union-attr]
    assert unpack(pack(None)) is None


class Attack:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("never",)


@pytest.mark.parametrize("value", [Attack(), date(2026, 1, 1), {"no": "engine"}], ids=["call", "class", "dict"])
def test_nothing_but_an_engine_is_unpacked(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownContent):
        unpack(zlib.compress(pickle.dumps(value)))
    assert capsys.readouterr().out == ""


def test_the_key_follows_what_is_trained_on() -> None:
    assert engine_key(ARTICLES) == engine_key(ARTICLES[::-1])
    assert engine_key(ARTICLES) != engine_key(ARTICLES[1:])
