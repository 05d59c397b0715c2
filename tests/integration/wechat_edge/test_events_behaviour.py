"""CH3: what followers do beside talking is recorded as behaviour, once, and opens the windows it opens."""

import asyncio
from typing import Any

import pytest

from tests.integration.wechat_edge.pushed import AT, Pushed

WINDOWS = "SELECT trigger, sent FROM bot.send_windows"
CODE = {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "box-12"}}
PAID = {"OrderId": "o-99", "OrderStatus": 2}

DEEDS: dict[str, tuple[dict[str, Any], str, str, str | None]] = {
    "subscribe": ({"EventKey": "qrscene_spring", "Ticket": "t"}, "follow", "spring", None),
    "SCAN": ({"EventKey": "shelf-7", "Ticket": "t"}, "scan", "shelf-7", "scan"),
    "CLICK": ({"EventKey": "start(menu)"}, "tap", "start(menu)", None),
    "VIEW": ({"EventKey": "https://example.com/a?b=1&c=2"}, "view", "https://example.com/a?b=1&c=2", None),
    "view_miniprogram": ({"EventKey": "pages/index", "MenuId": 4}, "mini_program", "pages/index", None),
    "scancode_push": ({"EventKey": "k", **CODE}, "scanned_code", "box-12", "tap"),
    "location_select": ({"EventKey": "k"}, "location_select", "k", None),
    "merchant_order": (PAID, "payment", "o-99", "payment"),
    "kf_create_session": ({"KfAccount": "mei@care"}, "desk_created", "mei@care", None),
}


@pytest.mark.parametrize("name", DEEDS)
async def test_a_deed_is_recorded_once(pushed: Pushed, name: str) -> None:
    fields, deed, content, act = DEEDS[name]
    await pushed.event("subscribe", at=AT - 60, EventKey="")
    [(contact_id,)] = await pushed.rows("SELECT id FROM crm.contacts")
    await asyncio.gather(*(pushed.event(name, **fields) for _ in range(3)))
    newest, before = await pushed.crm.interactions(contact_id)
    assert (newest.outcome_kind, newest.outcome_ref, newest.content) == ("behaviour", deed, content)
    assert (before.outcome_ref, before.content) == ("follow", "")
    assert newest.direction == "in"
    assert await pushed.rows(WINDOWS) == ([(act, 0)] if act else [])


async def test_where_a_phone_is_is_not_written_down(pushed: Pushed) -> None:
    await pushed.event("LOCATION", Latitude="31.235929", Longitude="121.480539", Precision="65.0")
    [(contact_id,)] = await pushed.rows("SELECT id FROM crm.contacts")
    [one] = await pushed.crm.interactions(contact_id)
    assert (one.outcome_ref, one.content) == ("whereabouts", "")
    assert await pushed.rows("SELECT sealed_raw FROM bot.channel_events") == [(None,)]


async def test_what_wechat_s_desk_says_of_nobody_known_makes_nobody_known(pushed: Pushed) -> None:
    await pushed.event("kf_close_session", KfAccount="mei@care")
    assert await pushed.rows("SELECT count(*) FROM crm.contacts") == [(0,)]
    assert await pushed.rows("SELECT kind FROM bot.channel_events") == [("desksession",)]
