"""The customer-service way: what is sent next, in which form, and what each refusal leads to."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from uuid import UUID

import pytest

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.compose import Kind
from bot.channels.wechat.errors import ApiError, Decision
from bot.channels.wechat.outgoing import Article, File, Item, Menu, Outgoing, Words
from bot.outbox.deliverer import Again, Failed, Sent, Shut, Smaller, Step, Unknown, Unreachable, Verdict, Waiting
from bot.settings import WechatAccount
from bot.web.wechat.delivering import CustomerService
from bot.web.wechat.replies import Manner, parts_of
from bot.web.wechat.rights import Rights
from bot.web.wechat.uploads import Uploads
from bot.web.wechat.verdicts import PAUSES
from tests.unit.outbox.lines import line

BLOB = UUID(int=7)
PICTURE = {"id": str(BLOB), "name": "a.png", "type": "image/png", "size": 9}
MANNER = Manner("https://care.example.com", menus=True, files=True, address=lambda blob, row: f"https://f/{row.seq}")
ACCOUNT: dict[str, Any] = {
    "name": "care",
    "appid": "wx00000000000000c1",
    "secret": "the-secret-of-care",
    "token": "pushes4care",
    "mode": "plain",
}
FILE = File("image", str(BLOB), "a.png", Words("附件：a.png https://f/1"))
MENU = Menu("?", (Item("a", "A"), Item("b", "B")), "", Words("1. A\n2. B"))
PAGE = Article("t", "d", "https://e.example", "", Words("t: https://e.example"))


class Client:
    """Answers with these faults, one after the other, then takes everything."""

    def __init__(self, *faults: WechatFault) -> None:
        self.faults = list(faults)
        self.sent: list[Mapping[str, Any]] = []

    async def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)
        if self.faults:
            raise self.faults.pop(0)


class Held:
    """A new media id with each upload; none once ``gone``."""

    def __init__(self) -> None:
        self.uploads = 0
        self.gone = False

    async def hold(self, blob_id: UUID, kind: Kind, *, again: bool = False) -> str | None:
        assert (blob_id, kind) == (BLOB, "image")
        self.uploads += again or not self.uploads
        return None if self.gone else f"media-{self.uploads}"


def fault(decision: Decision, code: int = 45999) -> WechatFault:
    return WechatFault("/cgi-bin/message/custom/send", "errcode", decision, ApiError(code, "no", "rid-1"))


def code_of(code: int) -> WechatFault:
    return fault(ApiError(code).decision, code)


def service(client: Client, held: Held | None = None, rights: Rights | None = None, **account: Any) -> CustomerService:
    known = WechatAccount.model_validate({**ACCOUNT, **account})
    return CustomerService(known, cast(WechatClient, client), MANNER, cast(Uploads, held or Held()), rights or Rights())


def row(text: str, seq: int = 1, *, sent: int = 0, trigger: str = "message", ago: float = 60, **more: Any) -> Any:
    acts = {trigger: (datetime.now(UTC) - timedelta(seconds=ago), sent)}
    return line(seq, text, acts=acts, **more)


async def said(customer_service: CustomerService, message: Outgoing) -> Verdict:
    one = row("x")
    return await customer_service.send(one, await customer_service.prepare(one, message))


VERDICTS: dict[Decision, Verdict] = {
    "retry": Again("errcode", "45999", None, "rid-1"),
    "slow_down": Again("slow_down", "45999", PAUSES["slow_down"], "rid-1"),
    "wait_for_quota": Again("wait_for_quota", "45999", PAUSES["wait_for_quota"], "rid-1"),
    "refresh_token": Again("errcode", "45999", None, "rid-1"),
    "fix_settings": Again("fix_settings", "45999", PAUSES["fix_settings"], "rid-1"),
    "upload_again": Failed("upload_again", "45999", "rid-1"),
    "split_smaller": Smaller(300, "45999", "rid-1"),
    "as_words": Failed("as_words", "45999", "rid-1"),
    "window_closed": Shut("45999", "rid-1"),
    "count_exceeded": Shut("45999", "rid-1"),
    "only_passive": Waiting("only_passive", "45999", "rid-1"),
    "unreachable": Unreachable("45999", "rid-1"),
    "refused": Unreachable("45999", "rid-1"),
    "done": Sent(),
    "ignore": Again("errcode", "45999", None, "rid-1"),
    "give_up": Failed("give_up", "45999", "rid-1"),
    "outcome_unknown": Unknown("errcode", "45999", "rid-1"),
}


@pytest.mark.parametrize("decision", get_args(Decision))
async def test_every_decision_has_its_effect(decision: Decision) -> None:
    client = Client(fault(decision))
    assert await said(service(client), Words("字" * 200)) == VERDICTS[decision]
    assert len(client.sent) == 1


@pytest.mark.parametrize("decision", ["slow_down", "wait_for_quota", "fix_settings"])
async def test_what_concerns_the_account_is_not_asked_with_every_line(decision: Decision) -> None:
    client = Client(fault(decision))
    one = service(client)
    await said(one, Words("x"))
    verdict = one.next([row("y")])
    assert isinstance(verdict, Again)
    assert (verdict.reason, verdict.code) == (decision, "45999")
    assert verdict.after_s == pytest.approx(PAUSES[decision], abs=1)


async def test_an_account_without_the_right_waits_without_asking_again() -> None:
    rights = Rights()
    one = service(Client(code_of(48001)), rights=rights)
    assert await said(one, Words("x")) == Waiting("only_passive", "48001", "rid-1")
    assert one.next([row("y")]) == Waiting("only_passive", "48001")
    assert rights.lacks("care")
    assert not rights.lacks("another")
    assert service(Client(), kind="subscription").next([row("y")]) == Waiting("only_passive")
    assert service(Client(), wait_h=5).patience == timedelta(hours=5)


async def test_a_short_text_is_not_cut_again() -> None:
    assert await said(service(Client(code_of(45002))), Words("字" * 133)) == Failed("too_long", "45002", "rid-1")


@pytest.mark.parametrize("code", [40200, 45098])
async def test_a_menu_that_is_refused_is_a_list_at_once_and_from_then_on(code: int) -> None:
    client = Client(code_of(code))
    one = service(client)
    assert await said(one, MENU) == Sent()
    assert [message["msgtype"] for message in client.sent] == ["msgmenu", "text"]
    assert client.sent[1]["text"]["content"] == "1. A\n2. B"
    assert await one.prepare(row("x"), MENU) == MENU.as_words
    short = Menu("?", MENU.items[:1], "", Words("1. A"))
    assert await one.prepare(row("x"), short) == (short.as_words if code == 40200 else short)


@pytest.mark.parametrize(
    ("seen", "is_menu"),
    [
        ({"sent": 2}, True),
        ({"sent": 3}, False),
        ({"trigger": "tap", "ago": 1}, False),
        ({"trigger": "follow", "ago": 1}, False),
        ({"trigger": "payment"}, True),
        ({"ago": 47.5 * 3600}, False),
    ],
)
async def test_a_menu_is_shown_only_where_a_tap_takes_nothing_away(seen: Mapping[str, Any], is_menu: bool) -> None:
    assert (await service(Client()).prepare(row("x", **seen), MENU) == MENU) is is_menu


async def test_a_card_beyond_the_limit_is_sent_as_words() -> None:
    client = Client(code_of(45008))
    assert await said(service(client), PAGE) == Sent()
    assert [message["msgtype"] for message in client.sent] == ["news", "text"]


async def test_a_file_is_uploaded_once_and_again_when_wechat_has_it_no_more() -> None:
    client, held = Client(code_of(40007)), Held()
    assert await said(service(client, held), FILE) == Sent()
    assert [message["image"]["media_id"] for message in client.sent] == ["media-1", "media-2"]


async def test_a_file_that_cannot_be_had_is_a_link() -> None:
    client, held = Client(code_of(40007), code_of(40007)), Held()
    assert await said(service(client, held), FILE) == Sent()
    assert [message["msgtype"] for message in client.sent] == ["image", "image", "text"]
    held.gone = True
    assert await said(service(client, held), FILE) == Sent()
    assert client.sent[-1]["text"]["content"] == FILE.as_words.text


async def test_nobody_is_written_to_whose_address_cannot_be_read() -> None:
    client = Client()
    gone = line(1, "x")
    object.__setattr__(gone, "address", None)
    assert await service(client).send(gone, Words("x")) == Failed("unreadable")
    assert client.sent == []


def test_lines_go_one_by_one_while_there_is_room() -> None:
    one = service(Client())
    assert one.next([row("一", sent=3), row("二", 2, sent=3)]) == Step(Words("一"), 1)
    assert one.next([row("一", sent=5)]) == Shut("45047")
    assert one.next([row("一", ago=49 * 3600)]) == Shut("45015")
    assert one.next([row(" ")]) == Sent()
    assert one.next([row("一", trigger="payment", sent=99), row("二", 2)]) == Step(Words("一"), 1)


def test_lines_go_together_when_few_messages_are_left() -> None:
    one = service(Client())
    rows = [row("一", sent=4), row("二", 2), row("三", 3)]
    assert one.next(rows) == Step(Words("一\n\n二\n\n三"), 3)
    assert one.next([rows[0], row("长" * 682, 2), rows[2]]) == Step(Words("一"), 1)
    assert one.next([*rows[:2], line(3, None), row("四", 4)]) == Step(Words("一\n\n二"), 2)
    begun = row("长" * 1000, sent=3, ago=60)
    object.__setattr__(begun, "parts", 1)
    assert one.next([begun, row("二", 2)]) == Step(parts_of(begun, MANNER)[1], 1)


def test_pictures_become_links_when_they_would_take_messages_that_words_need() -> None:
    one = service(Client())
    picture = row("图", 2, sent=3, attachments=[PICTURE])
    two_left = [row("一", sent=3), picture, row("三", 3)]
    assert one.next(two_left[:2]) == Step(Words("一\n\n图\n\n附件：a.png https://f/2"), 2)
    assert one.next(two_left) == Step(Words("一\n\n图\n\n附件：a.png https://f/2\n\n三"), 3)
    assert one.next([row("一", sent=1), picture, row("三", 3)]) == Step(Words("一"), 1)


def test_a_line_found_too_long_is_cut_from_there_on() -> None:
    long = row("长" * 1000)
    assert len(parts_of(long, MANNER)) == 2
    object.__setattr__(long, "cuts", ((1, 400),))
    first, *rest = parts_of(long, MANNER)
    assert first == Words("长" * 682)
    assert [len(one.text) for one in rest if isinstance(one, Words)] == [133, 133, 52]
    object.__setattr__(long, "cuts", ((1, 400), (2, 200)))
    assert parts_of(long, MANNER)[:2] == (first, Words("长" * 133))
    assert "".join(one.text for one in parts_of(long, MANNER) if isinstance(one, Words)) == "长" * 1000


def test_what_was_too_long_goes_by_itself() -> None:
    long = row("一", sent=4)
    object.__setattr__(long, "cuts", ((0, 400),))
    assert service(Client()).next([long, row("二", 2)]) == Step(Words("一"), 1)
