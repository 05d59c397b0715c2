"""The index answers, offers or refuses; in every script, with typing errors, on the days an article is valid."""

import statistics
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.articles import Article, with_both_scripts
from knowledge_base.background import everyday_sentences
from knowledge_base.calibration import Thresholds
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles
from knowledge_base.index import KnowledgeIndex

TODAY = date(2026, 6, 15)


@pytest.fixture(scope="module")
def demo() -> KnowledgeIndex:
    return KnowledgeIndex.build(read_articles(ARTICLES), TODAY)


def best(index: KnowledgeIndex, text: str, locale: str = "zh-Hans") -> str | None:
    hits = index.search(text, locale).hits
    return hits[0].article_id if hits else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("怎么退货", "returns-how"),
        ("怎麼退貨呢", "returns-how"),
        ("我想把这个退回给你们，要怎么弄？", "returns-how"),
        ("how do i send something back", "returns-how"),
        ("how do I retrun a product", "returns-how"),
        ("发票怎么开啊", "invoice-get"),
        ("發票怎麼開", "invoice-get"),
        ("where is my parcel", "delivery-track"),
        ("快递到哪里了", "delivery-track"),
        ("delete 我的 account", "account-delete"),
        ("ＤＥＬＥＴＥ　ｍｙ　ａｃｃｏｕｎｔ！！！", "account-delete"),
        ("冰箱不制冷了", "fridge-not-cooling"),
        ("電冰箱不冷了", "fridge-not-cooling"),
    ],
)
def test_the_right_article_comes_first(demo: KnowledgeIndex, text: str, expected: str) -> None:
    assert best(demo, text) == expected


def test_a_question_known_word_for_word_is_answered(demo: KnowledgeIndex) -> None:
    for text, locale in (("怎么退货？", "zh-Hans"), ("怎麼退貨", "zh-Hant"), ("HOW DO I DELETE MY ACCOUNT", "en")):
        result = demo.search(text, locale)
        assert result.verdict == "answer"
        assert result.hits[0].confidence >= 0.99
        assert len(result.hits) == 1


def test_hits_come_back_in_the_customers_language(demo: KnowledgeIndex) -> None:
    assert demo.search("怎么退货", "zh-TW").hits[0].question == "怎麼退貨？"
    assert demo.search("怎么退货", "zh-TW").locale == "zh-Hant"
    assert demo.search("怎么退货", "en").hits[0].question.isascii()


@pytest.mark.parametrize(
    "text", ["你好", "您好！", "hi", "Hello!!!", "谢谢", "謝謝", "thank you", "在吗？", "好的", "ok", "晚安"]
)
def test_small_talk_is_not_an_article(demo: KnowledgeIndex, text: str) -> None:
    assert demo.search(text, "zh-Hans").verdict == "nothing"


@pytest.mark.parametrize("text", ["", " ", "？？？", "😀😀", "\x00", "\ud800", "1", "a", "。" * 10_000])
def test_what_says_nothing_finds_nothing(demo: KnowledgeIndex, text: str) -> None:
    assert demo.search(text, "en").verdict == "nothing"


def test_a_greeting_before_a_question_does_not_hide_it(demo: KnowledgeIndex) -> None:
    assert best(demo, "你好，请问怎么退货") == "returns-how"
    assert best(demo, "hi there, how do I delete my account please") == "account-delete"


def test_what_no_article_is_about_is_not_answered(demo: KnowledgeIndex) -> None:
    for text in (
        "推荐一部好看的科幻电影",
        "what should I cook for dinner tonight",
        "哪个星座最花心",
        "who won the world cup",
    ):
        assert demo.search(text, "en").verdict != "answer"


def test_an_unclear_question_offers_choices_best_first(demo: KnowledgeIndex) -> None:
    result = demo.search("积分", "zh-Hans")
    assert result.verdict == "choices"
    confidences = [hit.confidence for hit in result.hits]
    assert 2 <= len(confidences) <= 3
    assert confidences == sorted(confidences, reverse=True)
    assert {hit.article_id for hit in result.hits} <= {"points-use", "points-earn", "points-expiry"}


@pytest.mark.parametrize("text", ["退款", "my account", "维修", "refund?", "會員"])
def test_a_single_word_offers_choices_however_sure_the_search_is(demo: KnowledgeIndex, text: str) -> None:
    assert demo.search(text, "zh-Hans").verdict == "choices"


def test_limit_bounds_the_hits_and_the_best_stays(demo: KnowledgeIndex) -> None:
    three = demo.search("积分", "zh-Hans").hits
    assert demo.search("积分", "zh-Hans", limit=1).hits == three[:1]


def test_thresholds_are_parameters() -> None:
    articles = read_articles(ARTICLES)[:6]
    never = Thresholds(lowest=1.1, highest=1.1, untried=1.1, choices=1.1)
    always = Thresholds(lowest=0.0, highest=0.0, untried=0.0, choices=0.0)
    text = "something about my account"
    assert KnowledgeIndex.build(articles, TODAY, never).search(text, "en").verdict == "nothing"
    assert KnowledgeIndex.build(articles, TODAY, always).search(text, "en").verdict == "answer"


@pytest.mark.parametrize(
    ("day", "found"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 1, 31), True), (date(2026, 2, 1), False)],
)
def test_only_articles_valid_today_are_found(day: date, found: bool) -> None:
    sale = Article(
        "sale",
        {"en": "Is there a winter sale?"},
        {"en": "Yes."},
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 1, 31),
    )
    always = Article("hours", {"en": "When are you open?"}, {"en": "Nine to five."})
    index = KnowledgeIndex.build([sale, always], day)
    assert (best(index, "is there a winter sale", "en") == "sale") is found
    assert (index.article("sale") is not None) is found
    assert len(index) == 1 + found


def test_the_revision_names_the_whole_set_on_every_day() -> None:
    one = Article("a", {"en": "Question one?"}, {"en": "One."}, valid_until=date(2026, 1, 1))
    other = Article("a", {"en": "Question one?"}, {"en": "Two."})
    revisions = [KnowledgeIndex.build(articles, TODAY).revision for articles in ([one], [other], [])]
    assert len(set(revisions)) == 3
    assert KnowledgeIndex.build([one], date(2020, 1, 1)).revision == revisions[0]


def test_an_empty_index_finds_nothing() -> None:
    for articles in ([], [Article("blank", {"en": "???"}, {"en": "!"})]):
        assert KnowledgeIndex.build(articles, TODAY).search("anything", "en").verdict == "nothing"


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_handful_of_articles_is_enough(count: int) -> None:
    texts = ["How do I return a product?", "How do I get an invoice?", "When do you deliver?", "Where are your shops?"]
    articles = [Article(f"a{number}", {"en": text}, {"en": "x"}) for number, text in enumerate(texts[:count])]
    index = KnowledgeIndex.build(articles, TODAY)
    assert best(index, "i want to return a product please", "en") == "a0"
    assert index.search("tell me a joke", "en").verdict == "nothing"


def test_a_wording_of_two_articles_is_not_taken_word_for_word() -> None:
    articles = [
        Article("a", {"en": "How much is it?"}, {"en": "x"}, {"en": ("what does repair cost",)}),
        Article("b", {"en": "How much is it?"}, {"en": "y"}, {"en": ("what does delivery cost",)}),
    ]
    result = KnowledgeIndex.build(articles, TODAY).search("how much is it", "en")
    assert result.hits[0].confidence < 0.9


def test_an_article_about_everyday_things_is_found_all_the_same() -> None:
    """The background gives way: a travel company's weather article is its business."""
    weather = Article(
        "weather", {"en": "What is the weather like?"}, {"en": "Sunny."}, {"en": ("will it rain tomorrow",)}
    )
    hours = Article("hours", {"en": "When do you open?"}, {"en": "At nine."})
    index = KnowledgeIndex.build([weather, hours], TODAY)
    assert index.search("will it rain tomorrow", "en").verdict == "answer"
    assert best(index, "what is the weather like today", "en") == "weather"


def test_taiwans_own_wording_is_an_example_too() -> None:
    article = with_both_scripts(Article("net", {"zh-Hans": "网络连不上怎么办"}, {"zh-Hans": "重启。"}))
    index = KnowledgeIndex.build([article, Article("hours", {"zh-Hans": "几点开门"}, {"zh-Hans": "九点"})], TODAY)
    assert index.search("網路連不上怎麼辦", "zh-Hant").verdict == "answer"


def test_the_answers_text_helps_to_find_it() -> None:
    shipping = Article("area", {"en": "Where do you deliver?"}, {"en": "Everywhere; to Lhasa it takes a week."})
    articles = [shipping, Article("hours", {"en": "When do you open?"}, {"en": "At nine."})]
    index = KnowledgeIndex.build(articles, TODAY)
    assert best(index, "Lhasa?", "en") == "area"


@given(st.text(max_size=200))
def test_any_text_gets_a_result(text: str) -> None:
    result = SMALL.search(text, "en")
    assert all(0.0 <= hit.confidence <= 1.0 for hit in result.hits)
    assert (result.verdict == "answer") <= bool(result.hits)


SMALL = KnowledgeIndex.build(
    [Article("a", {"en": "How do I return it?"}, {"en": "x"}), Article("b", {"zh-Hans": "怎么开发票"}, {"en": "y"})],
    TODAY,
)


def test_the_same_articles_give_the_same_index(demo: KnowledgeIndex) -> None:
    again = KnowledgeIndex.build(read_articles(ARTICLES), TODAY)
    for text in ("退款", "where is my fridge", "可以分期吗"):
        assert demo.search(text, "en") == again.search(text, "en")


def test_threads_share_it(demo: KnowledgeIndex) -> None:
    texts = ["怎么退货", "where is my parcel", "退款", "发票抬头写错了"] * 50
    alone = [demo.search(text, "en") for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda text: demo.search(text, "en"), texts)) == alone


@pytest.mark.alone
def test_a_search_takes_well_under_a_millisecond(demo: KnowledgeIndex) -> None:
    times = []
    for text in everyday_sentences()[:200] + ("我上周买的洗衣机想退货，运费谁出，多久退款到账",) * 50:
        start = perf_counter()
        demo.search(text, "zh-Hans")
        times.append(perf_counter() - start)
    # The target is 0.3 ms on a quiet core; a shared one is given room.
    assert statistics.median(times) < 0.001
