"""Whatever a server answers to a push is taken, taken for silence or refused: nothing else may happen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.wechat.account import Account
from emulators.wechat.push.replies import Reply, ReplyRefused, read_reply
from emulators.wechat.settings import DEMO, Settings
from emulators.wechat.world import World

OPENID = "o-of-tests"
GOOD = (
    f"<xml><ToUserName>{OPENID}</ToUserName><FromUserName>{DEMO.original_id}</FromUserName><CreateTime>1</CreateTime>"
    "<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item><Title>t</Title></item></Articles>"
    "<TransInfo><KfAccount>k</KfAccount></TransInfo><Image><MediaId>m</MediaId></Image><Content>c</Content></xml>"
)


def account(mode: str, form: str) -> Account:
    settings = DEMO.model_copy(update={"mode": mode, "format": form})
    return next(iter(World(Settings(accounts=(settings,))).accounts.values()))


ACCOUNTS = [account(mode, form) for mode in ("plain", "compatible", "safe") for form in ("xml", "json")]


def read(body: bytes, one: Account) -> Reply | str | None:
    try:
        return read_reply(body, one, OPENID, "text")
    except ReplyRefused as refused:
        return str(refused)


@given(st.sampled_from(ACCOUNTS), st.binary(max_size=400))
def test_any_bytes(one: Account, body: bytes) -> None:
    expected = body in (b"", b"success")
    assert (read(body, one) is None) is expected


@given(
    st.sampled_from(ACCOUNTS),
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.sampled_from(["<", ">", "]]>", "&", "\0", "image", "text", "你"]))
    ),
    st.integers(0, len(GOOD)),
)
def test_a_mutated_answer(one: Account, insertions: list[tuple[int, str]], end: int) -> None:
    body = GOOD[: end or None]
    for place, what in insertions:
        body = body[:place] + what + body[place + len(what) :]
    assert read(body.encode(), one) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(OPENID),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)
NAMES = ["MsgType", "Content", "Articles", "ArticleCount", "Image", "Music", "TransInfo", "Encrypt", "CreateTime"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_fields_of_any_shape(fields: dict[str, object]) -> None:
    whole = {"ToUserName": OPENID, "FromUserName": DEMO.original_id, "CreateTime": 1, **fields}
    assert read(json.dumps(whole).encode(), ACCOUNTS[1]) is not None


@pytest.mark.parametrize("kind", ["text", "news", "image", "transfer_customer_service"])
def test_the_good_one_is_good_in_plain_mode(kind: str) -> None:
    body = GOOD.replace("news", kind).encode()
    answer = read(body, ACCOUNTS[0])
    assert isinstance(answer, str if kind in ("image", "transfer_customer_service") else Reply)
