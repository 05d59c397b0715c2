"""How notices ended, as WeChat tells afterwards: the first word about one counts."""

import structlog

from bot.channels.wechat.pushes import NoticesSent, TemplateFinish
from bot.web.wechat.event import Event
from bot.web.wechat.notices import statements
from bot.web.wechat.notices.outcomes import reason_told

log = structlog.get_logger(__name__)

_OTHERWISE = "platform"
"""Why it did not arrive, where WeChat gives no reason of the user's."""
_NO_CODE = 0


async def finish_template(event: Event) -> None:
    """Handles TEMPLATESENDJOBFINISH."""
    push = event.push
    assert isinstance(push, TemplateFinish)  # noqa: S101 - what it is registered for
    await _tell(event, "template", None, push.msg_id, reason_told(push.status) or _OTHERWISE, None)


async def finish_subscriptions(event: Event) -> None:
    """Handles ``subscribe_msg_sent_event``, which may tell of several."""
    push = event.push
    assert isinstance(push, NoticesSent)  # noqa: S101 - what it is registered for
    for one in push.results:
        told, code = "arrived", None
        if one.error_code != _NO_CODE:
            told, code = reason_told(one.status) or _OTHERWISE, str(one.error_code)
        if code is not None and told == "arrived":
            told = _OTHERWISE
        await _tell(event, "subscription", one.template_id, one.msg_id, told, code)


async def _tell(event: Event, kind: str, template: str | None, msg_id: str, told: str, code: str | None) -> None:
    values = {
        "account": event.account,
        "identity": event.who.identity_id if event.who is not None else None,
        "kind": kind,
        "template": template,
        "msg_id": msg_id,
        "told": told,
        "code": code,
        "at": event.push.at,
    }
    row = (await event.connection.execute(statements.TOLD, values)).one_or_none()
    if row is None:
        log.info("the end of a notice that is not ours, or was told before", account=event.account, kind=kind)
    elif row.state == "failed":
        log.warning("a notice did not arrive", account=event.account, notice=str(row.id), reason=told)
        await event.connection.execute(statements.SETTLE_WAITING, {"identity": row.identity_id})
