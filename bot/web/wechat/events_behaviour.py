"""What followers do beside talking is recorded as behaviour (CH3): scans, taps, payments, follows.

``outcome_ref`` of the interaction names the deed, its sealed content what it was done with: a scene, a page, an order.
"""

from bot.channels.wechat.pushes import (
    Click,
    DeskSession,
    MenuInput,
    MiniProgram,
    Payment,
    Push,
    Scan,
    ScannedCode,
    Subscribe,
    View,
    Whereabouts,
)
from bot.channels.wechat.window import trigger_of
from bot.domain.decision import BEHAVIOUR
from bot.web.wechat.event import Event
from crm_adapter.records.customers import NewInteraction


async def behave(event: Event) -> None:
    """Records what was done. What opens a send window and is no talk opens it: a scan, a code, a payment."""
    if event.who is None:
        return
    deed, content = deed_of(event.push)
    await event.crm.append_interaction(
        f"event:{event.number}",
        NewInteraction(
            contact_id=event.who.contact_id,
            identity_id=event.who.identity_id,
            channel="wechat",
            account=event.account,
            direction="in",
            occurred_at=event.received_at,
            content=content,
            outcome_kind=BEHAVIOUR,
            outcome_ref=deed,
        ),
    )
    if isinstance(event.push, Scan | Payment | ScannedCode) and (act := trigger_of(event.push)):
        await event.acted(act)


def deed_of(push: Push) -> tuple[str, str]:
    """What it is called, and what it was done with.

    Where a phone is (PR10) is not written down: nobody asked for it, and no purpose needs it.
    """
    match push:
        case Subscribe():
            return "follow", push.scene or push.trade_no or push.key
        case Scan(scene=scene):
            return "scan", scene
        case Click(key=key):
            return "tap", key
        case View(url=url):
            return "view", url
        case MiniProgram(page=page):
            return "mini_program", page
        case ScannedCode():
            return "scanned_code", push.result
        case MenuInput():
            return push.kind, push.key
        case Payment(reference=reference):
            return "payment", reference
        case DeskSession(kind=kind, desk=desk):
            return f"desk_{kind}", desk
        case Whereabouts():
            return "whereabouts", ""
    return type(push).__name__.lower(), ""
