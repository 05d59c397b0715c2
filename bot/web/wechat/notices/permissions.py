"""What users of an account say to WeChat's own question about notices: appended, with when and where they were asked.

It is a platform's permission, not a consent to a purpose: the words were WeChat's (docs/adr/0020).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.channels.wechat.pushes import NoticeChoice, NoticesChosen
from bot.web.wechat.event import Event
from bot.web.wechat.notices.talk import Deed, append_talk

Source = Literal["asked", "settings", "platform"]

_APPEND = text(
    "INSERT INTO bot.wechat_permissions (id, identity_id, account, template_id, accepted, source, scene, at)"
    " VALUES (:id, :identity, :account, :template, :accepted, :source, :scene, :at)"
)
_END = text(
    "INSERT INTO bot.wechat_permissions (id, identity_id, account, template_id, accepted, source, at)"
    " SELECT gen_random_uuid(), p.identity_id, p.account, p.template_id, false, 'platform', :at"
    " FROM bot.wechat_permissions p WHERE p.identity_id = :identity"
    " GROUP BY p.identity_id, p.account, p.template_id HAVING bool_or(p.accepted)"
)
_DEEDS: Mapping[tuple[bool, bool], Deed] = {
    (True, False): "notice_allowed",
    (True, True): "notice_allowed_again",
    (False, False): "notice_refused",
    (False, True): "notice_revoked",
}


async def choose(event: Event) -> None:
    """Handles ``subscribe_msg_popup_event`` and ``subscribe_msg_change_event``."""
    push = event.push
    assert isinstance(push, NoticesChosen)  # noqa: S101 - what it is registered for
    if event.who is None:
        return
    for choice in push.choices:
        source: Source = "settings" if push.changed else "asked"
        await append(event.connection, event.who.identity_id, event.account, choice, source, push.at)
        deed = _DEEDS[choice.accepted, push.changed]
        await append_talk(event.connection, event.who, event.account, deed, push.at, choice.template_id)


async def end_all(event: Event, identity_id: UUID) -> None:
    """Who unfollows has taken everything back: WeChat forgets it too."""
    await event.connection.execute(_END, {"identity": identity_id, "at": event.push.at})


async def append(
    connection: AsyncConnection, identity_id: UUID, account: str, choice: NoticeChoice, source: Source, at: datetime
) -> None:
    """One answer about one template."""
    values = {
        "id": uuid7(),
        "identity": identity_id,
        "account": account,
        "template": choice.template_id,
        "accepted": choice.accepted,
        "source": source,
        "scene": choice.scene,
        "at": at,
    }
    await connection.execute(_APPEND, values)
