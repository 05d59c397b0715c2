"""Events by WeChat's names for them, in lower case: its pushes use both."""

from collections.abc import Callable
from typing import Any, Literal

from bot.channels.wechat.fields import Fields, Odd
from bot.channels.wechat.pushes import (
    Click,
    DeskSession,
    MassFinish,
    MenuInput,
    MiniProgram,
    NoticeChoice,
    NoticeResult,
    NoticesChosen,
    NoticesSent,
    Payment,
    Push,
    Scan,
    ScannedCode,
    Subscribe,
    TemplateFinish,
    Unsubscribe,
    View,
    Whereabouts,
)

SENT = "SubscribeMsgSentEvent"
CHOSEN = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent")
Read = Callable[[Fields, dict[str, Any]], Push]

_SCENE = "qrscene_"
_TRADE = "last_trade_no_"


def _subscribe(fields: Fields, common: dict[str, Any]) -> Push:
    key = fields.text("EventKey").strip()
    return Subscribe(
        **common,
        key=key,
        scene=key.removeprefix(_SCENE) if key.startswith(_SCENE) else None,
        trade_no=key.removeprefix(_TRADE) if key.startswith(_TRADE) else None,
        ticket=fields.some("Ticket"),
    )


def _unsubscribe(_: Fields, common: dict[str, Any]) -> Push:
    return Unsubscribe(**common)


def _scan(fields: Fields, common: dict[str, Any]) -> Push:
    return Scan(**common, scene=fields.must("EventKey"), ticket=fields.some("Ticket"))


def _whereabouts(fields: Fields, common: dict[str, Any]) -> Push:
    return Whereabouts(
        **common,
        latitude=fields.number("Latitude", 90),
        longitude=fields.number("Longitude", 180),
        precision=fields.number("Precision", 1e9) if fields.some("Precision") else 0.0,
    )


def _click(fields: Fields, common: dict[str, Any]) -> Push:
    return Click(**common, key=fields.must("EventKey"))


def _view(fields: Fields, common: dict[str, Any]) -> Push:
    return View(**common, url=fields.text("EventKey").strip())


def _mini_program(fields: Fields, common: dict[str, Any]) -> Push:
    return MiniProgram(**common, page=fields.text("EventKey").strip())


def _scanned_code(*, waits: bool) -> Read:
    def read(fields: Fields, common: dict[str, Any]) -> Push:
        found = fields.part("ScanCodeInfo")
        key, type_ = fields.text("EventKey").strip(), found.text("ScanType").strip()
        return ScannedCode(**common, key=key, type=type_, result=found.must("ScanResult"), waits=waits)

    return read


def _menu_input(kind: Literal["pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"]) -> Read:
    return lambda fields, common: MenuInput(**common, kind=kind, key=fields.text("EventKey").strip())


def _template_finish(fields: Fields, common: dict[str, Any]) -> Push:
    return TemplateFinish(**common, msg_id=fields.must("MsgID"), status=fields.must("Status"))


def _mass_finish(fields: Fields, common: dict[str, Any]) -> Push:
    # The number's name was spelled in both ways over the years.
    msg_id = fields.some("MsgID") or fields.must("MsgId")
    return MassFinish(
        **common,
        msg_id=msg_id,
        status=fields.must("Status"),
        total=fields.whole("TotalCount"),
        filtered=fields.whole("FilterCount"),
        sent=fields.whole("SentCount"),
        failed=fields.whole("ErrorCount"),
    )


def _chosen(within: str, *, changed: bool) -> Read:
    def read(fields: Fields, common: dict[str, Any]) -> Push:
        choices = tuple(
            NoticeChoice(one.must("TemplateId"), one.text("SubscribeStatusString") == "accept", one.some("PopupScene"))
            for one in _listed(fields, within)
        )
        return NoticesChosen(**common, choices=choices, changed=changed)

    return read


def _sent(fields: Fields, common: dict[str, Any]) -> Push:
    results = tuple(
        NoticeResult(one.must("TemplateId"), one.must("MsgID"), one.whole("ErrorCode"), one.text("ErrorStatus"))
        for one in _listed(fields, SENT)
    )
    return NoticesSent(**common, results=results)


def _listed(fields: Fields, within: str) -> list[Fields]:
    if not (found := fields.entries(within)):
        raise Odd
    return found


def _desk(kind: Literal["created", "closed"]) -> Read:
    return lambda fields, common: DeskSession(**common, kind=kind, desk=fields.must("KfAccount"))


def _desk_switched(fields: Fields, common: dict[str, Any]) -> Push:
    before = fields.must("FromKfAccount")
    return DeskSession(**common, kind="switched", desk=fields.must("ToKfAccount"), before=before)


def _order_paid(fields: Fields, common: dict[str, Any]) -> Push:
    return Payment(**common, reference=fields.must("OrderId"))


def _card_paid(fields: Fields, common: dict[str, Any]) -> Push:
    amount = fields.whole("Fee") if fields.some("Fee") else None
    return Payment(**common, reference=fields.must("TransId"), amount=amount)


EVENTS: dict[str, Read] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "scan": _scan,
    "location": _whereabouts,
    "click": _click,
    "view": _view,
    "view_miniprogram": _mini_program,
    "scancode_push": _scanned_code(waits=False),
    "scancode_waitmsg": _scanned_code(waits=True),
    "pic_sysphoto": _menu_input("pic_sysphoto"),
    "pic_photo_or_album": _menu_input("pic_photo_or_album"),
    "pic_weixin": _menu_input("pic_weixin"),
    "location_select": _menu_input("location_select"),
    "templatesendjobfinish": _template_finish,
    "masssendjobfinish": _mass_finish,
    "subscribe_msg_popup_event": _chosen(CHOSEN[0], changed=False),
    "subscribe_msg_change_event": _chosen(CHOSEN[1], changed=True),
    "subscribe_msg_sent_event": _sent,
    "kf_create_session": _desk("created"),
    "kf_close_session": _desk("closed"),
    "kf_switch_session": _desk_switched,
    "merchant_order": _order_paid,
    "user_pay_from_pay_cell": _card_paid,
}
"""What each event of an official account becomes; any other is :class:`~bot.channels.wechat.pushes.Unknown`."""
