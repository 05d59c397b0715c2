"""Follows, taps and files reach the dialog; what cannot be fetched is named."""

import pytest

from tests.integration.wechat_edge.phones import Wechat

pytestmark = pytest.mark.heavy


async def test_who_follows_is_greeted_with_the_notice_and_has_a_record(phones: Wechat) -> None:
    await phones.emulator.control("POST", "/users", {"user": "wang"})
    with phones.server() as server:
        await phones.push_to(server)
        push = await phones.do("wang", "follow")
        assert [one["outcome"] for one in push["attempts"]] == ["answered"]
        [(how, words)] = await phones.shown("wang")
    assert how == "passive"
    assert "1." in words
    assert phones.rows("SELECT count(*) FROM crm.consent_events") == [(1,)]
    assert phones.rows("SELECT trigger FROM bot.send_windows") == [("follow",)]


async def test_a_picture_is_fetched_and_kept(phones: Wechat) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        push = await phones.do("li", "image")
        assert [one["outcome"] for one in push["attempts"]] in (["answered"], ["silent"])
    [(kind, named)] = phones.rows("SELECT type, message_id IS NOT NULL FROM bot.blobs")
    assert kind.startswith("image/")
    assert named
    assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(1,)]


async def test_a_picture_that_cannot_be_fetched_in_time_is_a_message_all_the_same(phones: Wechat) -> None:
    await phones.user()
    await phones.emulator.fault("latency", "/cgi-bin/media/get", seconds=20)
    with phones.server() as server:
        await phones.push_to(server)
        push = await phones.do("li", "image")
        assert [one["outcome"] for one in push["attempts"]] == ["timeout", "answered"]
        [(_, words)] = await phones.shown()
    assert "没有收到" in words
    assert phones.rows("SELECT count(*) FROM bot.blobs") == [(0,)]
    assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(1,)]


async def test_what_says_nothing_is_taken_and_left(phones: Wechat) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        push = await phones.do("li", "push", type="x", fields={"MsgType": "event", "Event": "new"})
        assert [one["outcome"] for one in push["attempts"]] == ["silent"]
        push = await phones.do("li", "unfollow")
        assert [one["outcome"] for one in push["attempts"]] == ["silent"]
    assert phones.rows("SELECT count(*) FROM bot.messages") == [(0,)]
