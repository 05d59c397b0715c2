"""Pushes of every type, as WeChat writes them in XML and in JSON."""

import json
from dataclasses import dataclass
from typing import Any

from bot.channels.wechat import pushes
from bot.channels.wechat.pushes import NoticeChoice, NoticeResult, Push
from bot.channels.wechat.taps import tap_id

HEAD = {"ToUserName": "gh_7f083739789a", "FromUserName": "oia2TjjewbmiOUlr6X-1crbLOvLw", "CreateTime": 1760000000}
AT = 1760000000
PLACE = "上海市浦东新区世纪大道 100 号"


@dataclass(frozen=True)
class Sample:
    """``fields`` beside the common ones; ``json_fields`` where JSON has them in another shape."""

    type: type[Push]
    fields: dict[str, Any]
    expected: dict[str, Any]
    json_fields: dict[str, Any] | None = None
    name: str = ""

    @property
    def xml(self) -> str:
        lines = "\n".join(f"  {element(*one)}" for one in {**HEAD, **self.fields}.items())
        return f"<xml>\n{lines}\n</xml>"

    @property
    def json(self) -> str:
        return json.dumps({**HEAD, **(self.json_fields or self.fields)}, ensure_ascii=False)


def element(name: str, value: Any) -> str:
    """As WeChat does it: texts in CDATA, numbers bare."""
    if isinstance(value, list):
        return "\n".join(element(name, one) for one in value)
    if isinstance(value, dict):
        return f"<{name}>\n" + "\n".join(element(*one) for one in value.items()) + f"\n</{name}>"
    return f"<{name}>{value}</{name}>" if isinstance(value, int | float) else f"<{name}><![CDATA[{value}]]></{name}>"


def message(type_: type[Push], kind: str, fields: dict[str, Any], expected: dict[str, Any], name: str = "") -> Sample:
    return Sample(type_, {"MsgType": kind, **fields, "MsgId": 23768912345678901}, expected, name=name or kind)


def event(type_: type[Push], kind: str, fields: dict[str, Any], expected: dict[str, Any], name: str = "") -> Sample:
    return Sample(type_, {"MsgType": "event", "Event": kind, **fields}, expected, name=name or kind)


def notices(
    type_: type[Push], kind: str, within: str, entries: list[dict[str, Any]], expected: dict[str, Any], name: str = ""
) -> Sample:
    common = {"MsgType": "event", "Event": kind}
    listed = entries if len(entries) > 1 else entries[0]
    return Sample(type_, {**common, within: {"List": entries}}, expected, {**common, "List": listed}, name=name or kind)


SAMPLES = [
    message(pushes.Text, "text", {"Content": "我要退货 <b>&"}, {"content": "我要退货 <b>&", "menu_id": None}),
    message(
        pushes.Text,
        "text",
        {"Content": "满意", "bizmsgmenuid": tap_id("SetSlots(rating=5)")},
        {"content": "满意", "menu_id": tap_id("SetSlots(rating=5)")},
        name="menu tap",
    ),
    message(
        pushes.Text,
        "text",
        {"Content": "满意", "bizmsgmenuid": 101},
        {"content": "满意", "menu_id": "101"},
        name="tap on another's menu",
    ),
    message(
        pushes.Text,
        "text",
        {"Content": "【收到不支持的消息类型，暂无法显示】"},
        {"content": "【收到不支持的消息类型，暂无法显示】"},
        name="sticker",
    ),
    message(
        pushes.Text,
        "text",
        {"Content": "这篇写得好", "MsgDataId": 2247483650, "Idx": 1},
        {"content": "这篇写得好", "article": "2247483650", "article_index": "1"},
        name="text from an article",
    ),
    message(
        pushes.Media,
        "image",
        {"PicUrl": "http://mmbiz.qpic.cn/mmbiz_jpg/abc/0", "MediaId": "K5-image_id"},
        {"kind": "image", "media_id": "K5-image_id", "url": "http://mmbiz.qpic.cn/mmbiz_jpg/abc/0"},
    ),
    message(
        pushes.Media,
        "voice",
        {"MediaId": "voice_id", "Format": "amr", "MediaId16K": "voice_16k", "Recognition": "我的冰箱不制冷"},
        {
            "kind": "voice",
            "media_id": "voice_id",
            "format": "amr",
            "clear_media_id": "voice_16k",
            "recognition": "我的冰箱不制冷",
        },
    ),
    message(
        pushes.Media,
        "voice",
        {"MediaId": "voice_id", "Format": "speex", "Recognition": ""},
        {"kind": "voice", "format": "speex", "clear_media_id": None, "recognition": None},
        name="voice without words",
    ),
    message(
        pushes.Media,
        "video",
        {"MediaId": "video_id", "ThumbMediaId": "thumb_id"},
        {"kind": "video", "media_id": "video_id", "thumb_media_id": "thumb_id"},
    ),
    message(
        pushes.Media,
        "shortvideo",
        {"MediaId": "short_id", "ThumbMediaId": "thumb_id"},
        {"kind": "shortvideo", "media_id": "short_id", "thumb_media_id": "thumb_id"},
    ),
    message(
        pushes.Location,
        "location",
        {"Location_X": 31.239692, "Location_Y": 121.499755, "Scale": 15, "Label": PLACE},
        {"latitude": 31.239692, "longitude": 121.499755, "scale": 15, "label": PLACE},
    ),
    message(
        pushes.Location,
        "location",
        {"Location_X": -33.5, "Location_Y": -70.25, "Scale": 16, "Label": ""},
        {"latitude": -33.5, "longitude": -70.25, "label": ""},
        name="location without a label",
    ),
    message(
        pushes.Link,
        "link",
        {"Title": "冰箱选购", "Description": "怎么选", "Url": "https://mp.weixin.qq.com/s/abc?a=1&b=2"},
        {"title": "冰箱选购", "description": "怎么选", "url": "https://mp.weixin.qq.com/s/abc?a=1&b=2"},
    ),
    event(pushes.Subscribe, "subscribe", {}, {"key": "", "scene": None, "trade_no": None, "ticket": None}),
    event(
        pushes.Subscribe,
        "subscribe",
        {"EventKey": "qrscene_store-12", "Ticket": "gQH47joAAAAAAAAAASxodHRw"},
        {"scene": "store-12", "trade_no": None, "ticket": "gQH47joAAAAAAAAAASxodHRw"},
        name="subscribe by a code",
    ),
    event(
        pushes.Subscribe,
        "subscribe",
        {"EventKey": "last_trade_no_4008072001201701105817415015"},
        {"scene": None, "trade_no": "4008072001201701105817415015"},
        name="subscribe after a payment",
    ),
    event(pushes.Unsubscribe, "unsubscribe", {"EventKey": ""}, {}),
    event(pushes.Scan, "SCAN", {"EventKey": "store-12", "Ticket": "TICKET"}, {"scene": "store-12", "ticket": "TICKET"}),
    event(
        pushes.Whereabouts,
        "LOCATION",
        {"Latitude": 23.137466, "Longitude": 113.352425, "Precision": 119.38504},
        {"latitude": 23.137466, "longitude": 113.352425, "precision": 119.38504},
    ),
    event(pushes.Click, "CLICK", {"EventKey": "start(order_status)"}, {"key": "start(order_status)"}),
    event(
        pushes.View, "VIEW", {"EventKey": "https://www.example.com", "MenuId": 1}, {"url": "https://www.example.com"}
    ),
    event(
        pushes.ScannedCode,
        "scancode_push",
        {"EventKey": "6", "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "https://www.example.com"}},
        {"key": "6", "type": "qrcode", "result": "https://www.example.com", "waits": False},
    ),
    event(
        pushes.ScannedCode,
        "scancode_waitmsg",
        {"EventKey": "serial", "ScanCodeInfo": {"ScanType": "barcode", "ScanResult": "CODE_128,NJ20250901"}},
        {"key": "serial", "type": "barcode", "result": "CODE_128,NJ20250901", "waits": True},
    ),
    *(
        event(pushes.MenuInput, kind, {"EventKey": "6", "SendPicsInfo": {"Count": 1}}, {"kind": kind, "key": "6"})
        for kind in ("pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select")
    ),
    event(
        pushes.TemplateFinish,
        "TEMPLATESENDJOBFINISH",
        {"MsgID": 200163836, "Status": "failed:user block"},
        {"msg_id": "200163836", "status": "failed:user block", "arrived": False},
    ),
    notices(
        pushes.NoticesChosen,
        "subscribe_msg_popup_event",
        "SubscribeMsgPopupEvent",
        [
            {"TemplateId": "tmpl-1", "SubscribeStatusString": "accept", "PopupScene": 2},
            {"TemplateId": "tmpl-2", "SubscribeStatusString": "reject", "PopupScene": 2},
        ],
        {"choices": (NoticeChoice("tmpl-1", True, "2"), NoticeChoice("tmpl-2", False, "2")), "changed": False},
    ),
    notices(
        pushes.NoticesChosen,
        "subscribe_msg_change_event",
        "SubscribeMsgChangeEvent",
        [{"TemplateId": "tmpl-1", "SubscribeStatusString": "reject"}],
        {"choices": (NoticeChoice("tmpl-1", False),), "changed": True},
    ),
    notices(
        pushes.NoticesSent,
        "subscribe_msg_sent_event",
        "SubscribeMsgSentEvent",
        [
            {"TemplateId": "t1", "MsgID": "1700827132819554304", "ErrorCode": 0, "ErrorStatus": "success"},
            {"TemplateId": "t2", "MsgID": "1700827132819554305", "ErrorCode": -2, "ErrorStatus": "blocked"},
        ],
        {
            "results": (
                NoticeResult("t1", "1700827132819554304", 0, "success"),
                NoticeResult("t2", "1700827132819554305", -2, "blocked"),
            )
        },
    ),
    event(pushes.DeskSession, "kf_create_session", {"KfAccount": "a@desk"}, {"kind": "created", "desk": "a@desk"}),
    event(pushes.DeskSession, "kf_close_session", {"KfAccount": "a@desk"}, {"kind": "closed", "desk": "a@desk"}),
    event(
        pushes.DeskSession,
        "kf_switch_session",
        {"FromKfAccount": "a@desk", "ToKfAccount": "b@desk"},
        {"kind": "switched", "desk": "b@desk", "before": "a@desk"},
    ),
    event(
        pushes.Payment,
        "merchant_order",
        {"OrderId": "7197417460812584720", "OrderStatus": 2, "ProductId": "p", "SkuInfo": "1:1"},
        {"reference": "7197417460812584720", "amount": None},
    ),
    event(
        pushes.Payment,
        "user_pay_from_pay_cell",
        {"CardId": "card", "UserCardCode": "code", "TransId": "1004730092201", "LocationId": 1, "Fee": 19900},
        {"reference": "1004730092201", "amount": 19900},
    ),
    event(
        pushes.MassFinish,
        "MASSSENDJOBFINISH",
        {
            "MsgID": 1000001625,
            "Status": "send success",
            "TotalCount": 100,
            "FilterCount": 80,
            "SentCount": 75,
            "ErrorCount": 5,
            "CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 2},
        },
        {"msg_id": "1000001625", "status": "send success", "total": 100, "filtered": 80, "sent": 75, "failed": 5},
    ),
    event(
        pushes.Unknown,
        "MASSSENDJOBFINISH",
        {"MsgID": 1},
        {"type": "event", "event": "masssendjobfinish"},
        name="mass report without counts",
    ),
    event(
        pushes.MiniProgram,
        "view_miniprogram",
        {"EventKey": "pages/index/index", "MenuId": "414441111"},
        {"page": "pages/index/index"},
    ),
    event(pushes.Unknown, "user_got_a_card", {"CardId": 1}, {"type": "event", "event": "user_got_a_card"}),
    message(pushes.Unknown, "device_text", {"DeviceID": "1", "Content": "MTIz"}, {"type": "device_text"}),
    message(pushes.Unknown, "hologram", {"Beam": "x"}, {"type": "hologram", "event": ""}),
    message(pushes.Unknown, "image", {"PicUrl": "x"}, {"type": "image"}, name="image without its id"),
    message(
        pushes.Unknown,
        "location",
        {"Location_X": "91", "Location_Y": "0", "Scale": 1, "Label": ""},
        {"type": "location"},
        name="a place beyond the pole",
    ),
]
