"""A few words that only what was spoken of last gives a meaning."""

import pytest

from bot.flows.commands import Answer, Clarify, StartFlow
from bot.flows.facts import ArticleText, Candidate, Findings
from bot.flows.understanding import Heard, Shown, understand
from tests.unit.flows.hearing import NOW, Shelf, wish
from tests.unit.flows.test_understanding_said_already import OURS, meant

REPAIR, INSTALL = Candidate("repair-fee", "维修怎么收费？", 0.6), Candidate("install-fee", "安装收费吗？", 0.4)


class Installing(Shelf):
    """Has one article, which leads on to what installation costs."""

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        related = ((INSTALL.article_id, INSTALL.question),)
        return ArticleText("install", "装空调前要准备什么？", "…", related) if article_id == "install" else None


@pytest.mark.parametrize(
    "text", ["多少钱", "第二个多少钱？", "貴嗎", "How much is it?", "what does the second one cost"]
)
def test_what_it_costs_is_what_was_advised(text: str) -> None:
    shown = (Shown("start(compare_products)", "对比前两款"), Shown("start(book_visit)", "预约体验"))
    assert meant(text, about="flow:sales_advice", shown=shown) == (StartFlow("sales_price"),)
    assert meant(text, about="flow:repair") != (StartFlow("sales_price"),)
    assert meant(text, about="article:sales_advice") != (StartFlow("sales_price"),)


def hear(text: str, shelf: Shelf, about: str = "article:install") -> object:
    return understand(Heard(text, "zh-Hans", NOW, about=about), shelf, OURS).commands[0]


@pytest.mark.parametrize("verdict", ["answer", "choices"])
def test_of_several_prices_that_of_the_last_answer_is_meant(verdict: str) -> None:
    found = Findings(verdict, (REPAIR, INSTALL))  # type: ignore[arg-type]
    assert hear("多少钱？", Installing(**{"多少钱？": found})) == Answer("install-fee")
    alone = hear("多少钱？", Installing(**{"多少钱？": found}), about="")
    assert isinstance(alone, Answer | Clarify)
    assert alone != Answer("install-fee")


def test_who_finds_nothing_near_looks_once_more_with_the_last_question() -> None:
    found = {
        "what does it cost?": Findings("answer", (REPAIR,)),
        "装空调前要准备什么？ what does it cost?": Findings("choices", (REPAIR, INSTALL)),
    }
    shelf = Installing(**found)
    assert hear("what does it cost?", shelf) == Answer("install-fee")
    assert shelf.asked == 2
    del shelf.found["装空调前要准备什么？ what does it cost?"]
    assert hear("what does it cost?", shelf) == Answer("repair-fee")


@pytest.mark.parametrize("text", ["I want to return it", "我要退货", "这台不要了，退掉"])
def test_a_wish_right_below_an_order_is_about_that_order(text: str) -> None:
    shown = (Shown("start(return_goods, case_order=A1)", "退货"), Shown("start(repair, case_order=A1)", "报修"))
    alone = (shown[1],)
    assert meant(text, wish("return_goods"), shown=shown) == (StartFlow("return_goods", (("case_order", "A1"),)),)
    assert meant(text, wish("return_goods"), shown=alone) == (StartFlow("return_goods"),)


@pytest.mark.parametrize("text", ["我想退这个月买的洗衣机", "另外一台也要退", "I want to return another one, not this"])
def test_a_wish_for_another_thing_is_not_about_that_order(text: str) -> None:
    shown = (Shown("start(return_goods, case_order=A1)", "退货"),)
    assert meant(text, wish("return_goods"), shown=shown) == (StartFlow("return_goods"),)


@pytest.mark.parametrize("text", ["维修多少钱", "how do I return it?", "退款多久到账"])
def test_what_says_what_it_is_about_means_that(text: str) -> None:
    shelf = Installing(**{text: Findings("answer", (REPAIR, INSTALL))})
    assert hear(text, shelf) == Answer("repair-fee")
    assert shelf.asked == 1
