"""What fits into the one message that answers a push."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.pushes import Text
from bot.outbox.passive import Chosen
from bot.outbox.rows import Row
from bot.web.wechat.replies import Manner, Reply, choose, parts_of
from tests.unit.outbox.lines import NOW, line

PUSH = Text(original_id="gh_1", openid="o1", at=NOW, external_id="1", content="在吗")
MANNER = Manner("https://care.example.com")
LONG = "长" * 1000


def chosen(*rows: Row) -> Chosen[Reply] | None:
    return choose(rows, PUSH, MANNER)


def test_lines_that_wait_go_into_one_message_with_the_push_s_own_time() -> None:
    found = chosen(line(1, "一"), line(2, "二"))
    assert found is not None
    assert found.whole == 2
    assert found.reply["Content"] == "一\n\n二"
    assert found.reply["CreateTime"] == int(NOW.timestamp())


def test_what_does_not_fit_goes_another_way_in_whole_lines() -> None:
    found = chosen(line(1, "短"), line(2, LONG))
    assert found is not None
    assert (found.whole, found.reply["Content"]) == (1, "短")


def test_a_line_longer_than_a_message_begins_in_it() -> None:
    long = line(1, LONG)
    first = chosen(long)
    assert first is not None
    assert (first.whole, first.parts) == (0, 1)
    rest = chosen(line(1, LONG, parts=1), line(2, "二"))
    assert rest is not None
    assert rest.whole == 1
    assert first.reply["Content"] + rest.reply["Content"] == LONG
    assert len(parts_of(long, MANNER)) == 2


def test_nothing_is_answered_before_a_line_that_cannot_be_read() -> None:
    assert chosen(line(1, None), line(2, "二")) is None
    assert chosen() is None
    found = chosen(line(1, "一"), line(2, None), line(3, "三"))
    assert found is not None
    assert (found.whole, found.reply["Content"]) == (1, "一")


def test_a_file_that_wechat_has_is_the_answer_and_another_is_a_link() -> None:
    manner = replace(MANNER, files=True, address=lambda blob, row: f"https://f/{blob}")
    picture = line(1, "", attachments=[{"id": str(UUID(int=7)), "name": "图.png", "type": "image/png", "size": 9}])
    known = choose([replace(picture, held={str(UUID(int=7)): "m7"}), line(2, "二")], PUSH, manner)
    unknown = choose([replace(picture, held={str(UUID(int=8)): "m8"}), line(2, "二")], PUSH, manner)
    assert known is not None
    assert unknown is not None
    assert (known.whole, known.reply["MsgType"], known.reply["Image"]) == (1, "image", {"MediaId": "m7"})
    assert (unknown.whole, unknown.reply["MsgType"]) == (1, "text")
    assert str(UUID(int=7)) in unknown.reply["Content"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), min_size=1)))
def test_the_lines_of_an_answer_make_the_same_answer_again(texts: list[str]) -> None:
    rows = [line(seq, text) for seq, text in enumerate(texts, 1)]
    found = chosen(*rows)
    if found is not None and found.whole:
        assert chosen(*rows[: found.whole]) == found
