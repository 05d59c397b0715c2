"""Who does not follow any more: nothing is sent to them, and the deletion that WeChat demands begins.

Its rules ask whoever runs an official account to delete the data of a user who unfollows; the law says what is kept. So
it is a request to be erased like any other, with its deadline: see ADR 0021.
"""

from sqlalchemy import text

from bot.jobs.unfollows import BY
from bot.web.wechat.event import Event
from bot.web.wechat.notices.permissions import end_all
from crm_adapter.records.rights import ERASING, OPEN_STATES, NewPrivacyRequest

REASON = "unfollowed"

# By WeChat's own clock: an unfollow that comes late changes nothing that a later follow has done.
_FOLLOWED_SINCE = text(
    "SELECT EXISTS (SELECT FROM bot.channel_events f JOIN bot.channel_events u ON u.subject = f.subject"
    " WHERE u.id = :number AND f.kind = 'subscribe' AND f.happened_at > u.happened_at)"
)
_CLOSE = text("DELETE FROM bot.send_windows WHERE identity_id = :identity")
_MARK = text("SELECT bot.mark_unreachable(:identity, :reason, NULL, :at)")


async def unfollow(event: Event) -> None:
    """Marks the identity unreachable, which ends what is queued for it, and opens the request unless one is open.

    Does nothing for somebody nobody knows, or who was erased: that is what was to be done.
    """
    if event.who is None or await event.connection.scalar(_FOLLOWED_SINCE, {"number": event.number}):
        return
    identity_id = event.who.identity_id
    await event.connection.execute(_CLOSE, {"identity": identity_id})
    values = {"identity": identity_id, "reason": REASON, "at": event.received_at}
    await event.connection.execute(_MARK, values)
    await end_all(event, identity_id)
    theirs = await event.crm.privacy_requests_of(event.who.contact_id)
    if any(one.kind in ERASING and one.state in OPEN_STATES for one in theirs):
        return
    await event.crm.open_privacy_request(
        NewPrivacyRequest(event.who.contact_id, "delete", BY, event.received_at, identity_id=identity_id)
    )
