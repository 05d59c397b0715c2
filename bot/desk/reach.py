"""How many more messages a customer can be sent, and until when, as the person who answers them is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.message import Body
from bot.settings import WechatAccount

if TYPE_CHECKING:
    from bot.channels.wechat.outgoing import Outgoing

# A row that waits for the customer's next message says that the account may not send by itself.
_READ = text(
    "SELECT c.account, count(o.*) FILTER (WHERE o.due_at < 'infinity') AS waiting,"
    " coalesce(bool_or(o.due_at = 'infinity' AND o.reason = 'only_passive'), false) AS held,"
    " coalesce(bool_or(o.due_at = 'infinity' AND o.reason = 'notice'), false) AS told,"
    " (SELECT jsonb_object_agg(w.trigger, jsonb_build_array(w.at, w.sent)) FROM bot.send_windows w"
    "   WHERE w.identity_id = c.identity_id) AS acts,"
    " EXISTS (SELECT FROM bot.unreachable u WHERE u.identity_id = c.identity_id AND NOT EXISTS ("
    "   SELECT FROM bot.send_windows w WHERE w.identity_id = u.identity_id AND w.at > u.since)) AS gone"
    " FROM bot.conversations c"
    " LEFT JOIN bot.outbox o ON o.conversation_id = c.id AND o.state IN ('queued', 'begun')"
    " WHERE c.id = :conversation AND c.channel = 'wechat' AND c.closed_at IS NULL"
    " GROUP BY c.id"
)


@dataclass(frozen=True, slots=True)
class Reach:
    """``left`` messages (``None``: any number) may go out until ``until``, where ``kind`` is ``open``.

    ``closed``: the customer did nothing for too long; ``used_up``: they were sent as many as may be; ``unreachable``:
    they do not follow, or refuse: they have to act first. ``passive``: what is said goes out with their next message;
    ``told``: so it does, and they have had a notice of it.
    ``waiting`` lines are on their way; beyond ``text_bytes`` of UTF-8 a text goes out as several messages.
    """

    kind: Literal["open", "closed", "used_up", "unreachable", "passive", "told"]
    left: int | None
    until: datetime | None
    waiting: int
    text_bytes: int

    def as_json(self) -> dict[str, Any]:
        """As the console reads it."""
        return {
            "kind": self.kind,
            "left": self.left,
            "until": self.until,
            "waiting": self.waiting,
            "text_bytes": self.text_bytes,
        }


async def read_reach(
    connection: AsyncConnection, conversation_id: UUID, accounts: Mapping[str, WechatAccount]
) -> Reach | None:
    """``None`` where nothing limits what may be said, and where nothing more can be said because it is closed.

    ``accounts`` are the official accounts of the settings by their names: how their windows combine, and which may only
    answer. Messages that nobody knows the end of count as sent.
    """
    row = (await connection.execute(_READ, {"conversation": conversation_id})).one_or_none()
    if row is None:
        return None
    from bot.channels.wechat.compose import TEXT_BYTES  # only who has an official account pays for it
    from bot.channels.wechat.window import Act, Rule, rule_of, window

    if row.gone:
        return Reach("unreachable", 0, None, row.waiting, TEXT_BYTES)
    account = accounts.get(row.account)
    if row.held or (account is not None and account.kind == "subscription"):
        return Reach("passive", None, None, row.waiting, TEXT_BYTES)
    if row.told:
        return Reach("told", None, None, row.waiting, TEXT_BYTES)
    acts = {kind: Act(datetime.fromisoformat(at), int(sent)) for kind, (at, sent) in (row.acts or {}).items()}
    allowed = window(acts, datetime.now(UTC), rule_of(account) if account is not None else Rule())
    return Reach(allowed.why or "open", allowed.left, allowed.until, row.waiting, TEXT_BYTES)


def messages_of(
    body: Body,
    channel: str,
    locale: str,
    base_url: str = "",
    *,
    files: bool = True,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """The messages that say a body on a channel that cuts long ones: their texts, the names of files, empty for what
    is neither. One elsewhere. Without ``files`` those are links in the text, to ``addresses`` by the files' ids."""
    if channel != "wechat":
        return [str(body.get("text", ""))]
    from bot.channels.wechat.compose import Terms, compose

    terms = Terms(locale, files=files, base_url=base_url, addresses=addresses)
    return [_told(message) for message in compose([body], terms)]


def _told(message: "Outgoing") -> str:
    from bot.channels.wechat.outgoing import File, Words

    if isinstance(message, File):
        return message.title
    return message.text if isinstance(message, Words) else ""
