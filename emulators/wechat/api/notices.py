"""Template messages and subscription notices."""

import re
from typing import Any

from emulators.wechat.account import Chat
from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint
from emulators.wechat.errors import Refused
from emulators.wechat.settings import Template

FIELD = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")
LONGEST: dict[str, int] = {"thing": 20, "character_string": 32, "number": 32, "phrase": 5, "name": 10, "const": 20}
"""Characters by the kind that a field's name begins with; others may have 20."""


async def _send_template(call: ApiCall) -> Answer:
    """Sends at once and tells the account how it went by an event."""
    chat, template = _addressed(call, "template")
    text = _filled(template, call.part("data", 47003))
    number = call.world.number()
    refused = chat.refuses_templates
    if not refused:
        shown = {"title": template.title, "content": text, **_target(call)}
        chat.person.phone.show(call.account.settings.name, "template", "template", shown, msgid=number)
    status = "failed:user block" if refused else "success"
    fields = {"MsgID": number, "Status": status}
    call.acts.event(chat, "TEMPLATESENDJOBFINISH", fields, answerable=False)
    return {**OK, "msgid": number}


async def _send_subscription(call: ApiCall) -> Answer:
    """Uses up one consent, unless the template is a long-term one."""
    chat, template = _addressed(call, "subscription")
    text = _filled(template, call.part("data", 47003))
    left = chat.consents.get(template.id, 0)
    if not left:
        raise Refused(43101)
    if not template.long_term:
        chat.consents[template.id] = left - 1
    number = call.world.number()
    shown = {"title": template.title, "content": text, **_target(call)}
    chat.person.phone.show(call.account.settings.name, "subscription", "subscription", shown, msgid=number)
    sent = {"TemplateId": template.id, "MsgID": str(number), "ErrorCode": 0, "ErrorStatus": "success"}
    fields = {"SubscribeMsgSentEvent": {"List": [sent]}}
    call.acts.event(chat, "subscribe_msg_sent_event", fields, answerable=False)
    return {**OK, "msgid": number}


def _addressed(call: ApiCall, kind: str) -> tuple[Chat, Template]:
    chat = call.account.chat(call.body.get("touser"))
    if not chat.following:
        raise Refused(43004)
    name = call.body.get("template_id")
    template = call.account.templates.get(name) if isinstance(name, str) else None
    if template is None or template.kind != kind:
        raise Refused(40037)
    return chat, template


def _filled(template: Template, data: dict[str, Any]) -> str:
    """The text with its fields in place; :class:`Refused` 47003 names the one that is missing or too long."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        field = data.get(name)
        text = field.get("value") if isinstance(field, dict) else None
        if isinstance(text, int | float) and not isinstance(text, bool):
            text = str(text)
        if not isinstance(text, str) or not text or len(text) > LONGEST.get(name.rstrip("0123456789"), 20):
            raise Refused(47003, detail=f"data.{name}.value invalid")
        return text

    return FIELD.sub(value, template.content)


def _target(call: ApiCall) -> dict[str, Any]:
    """Where a tap on the message leads: a page, or a mini program that comes before it."""
    page = call.body.get("url") or call.body.get("page") or ""
    return {"url": str(page), "miniprogram": call.body.get("miniprogram")}


async def _templates(call: ApiCall) -> Answer:
    listed = [template for template in call.account.templates.values() if template.kind == "template"]
    return {
        "template_list": [
            {"template_id": one.id, "title": one.title, "content": one.content, "example": ""} for one in listed
        ]
    }


async def _subscription_templates(call: ApiCall) -> Answer:
    listed = [template for template in call.account.templates.values() if template.kind == "subscription"]
    told = [
        {"priTmplId": one.id, "title": one.title, "content": one.content, "type": 3 if one.long_term else 2}
        for one in listed
    ]
    return {**OK, "data": told}


ENDPOINTS = {
    "/cgi-bin/message/template/send": Endpoint(_send_template, "POST", "template"),
    "/cgi-bin/template/get_all_private_template": Endpoint(_templates, "GET", "template"),
    "/cgi-bin/message/subscribe/bizsend": Endpoint(_send_subscription, "POST", "subscription"),
    "/wxaapi/newtmpl/gettemplate": Endpoint(_subscription_templates, "GET", "subscription"),
}
