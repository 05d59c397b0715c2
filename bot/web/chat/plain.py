"""The web channel without sockets: POST a message, long-poll the thread. For networks that break WebSockets."""

import asyncio
from typing import Any

from aiohttp import web

from bot.channels.base import BadInbound
from bot.channels.web.parse import parse_seq
from bot.channels.web.render import render_message
from bot.channels.web.tokens import Visitor
from bot.realtime import Hint, Subscription
from bot.web.chat.edge import EDGE, ChatEdge, topic, trace_id_of

MAX_WAIT_S = 25.0


def caller(request: web.Request, *, token_in_query: bool = False) -> tuple[ChatEdge, Visitor]:
    """The edge and who calls it; 401, 403 and 404 as they apply."""
    edge = request.app[EDGE]
    return edge, edge.visitor(request, edge.account(request), token_in_query=token_in_query)


async def post_message(request: web.Request) -> web.Response:
    """Takes a message; answers with the acknowledgement and what was answered, the same for a repetition."""
    edge, visitor = caller(request)
    await edge.admit_message(visitor)
    taken = await edge.take(visitor, await edge.read_frame(request), trace_id_of(request))
    return web.json_response(
        {
            "ack": {"client_msg_id": taken.message.client_msg_id, "seq": taken.message.seq},
            "messages": [render_message(answer) for answer in taken.answers],
            **({"working": edge.work(taken.last.seq)} if taken.working else {}),
        }
    )


async def get_messages(request: web.Request) -> web.Response:
    """The thread after a cursor; waits up to ``wait`` seconds (at most 25) for something new."""
    edge, visitor = caller(request)
    await edge.admit_signal(visitor)
    try:
        after = parse_seq(int(request.query.get("after", "0")), "after")
        wait_s = min(MAX_WAIT_S, max(0.0, float(request.query.get("wait", "0"))))
    except ValueError as error:
        raise error if isinstance(error, BadInbound) else BadInbound("bad_message", field="after") from None
    thread = edge.thread(visitor)
    work = None
    with edge.held_open(request):
        async with edge.realtime.subscribe([topic(visitor)]) as signals:
            page = await thread.page(after)
            if not page.messages and after <= page.position.seq and wait_s > 0 and not edge.draining:
                work = await _wait_for_news(edge, signals, wait_s)
                page = await thread.page(after)
    return web.json_response(
        {
            "seq": page.position.seq,
            "received_seq": page.position.received_seq,
            "read_seq": page.position.read_seq,
            "reset": page.reset,
            "messages": [render_message(message) for message in page.messages],
            **({"working": work} if work is not None else {}),
        }
    )


async def _wait_for_news(edge: ChatEdge, signals: Subscription, wait_s: float) -> dict[str, Any] | None:
    """Until a hint speaks of a message (or hints were lost), the time is over, or the server drains; what the hint
    says of work outside."""
    try:
        async with asyncio.timeout(wait_s) as wait:
            with edge.waiting(wait):
                async for signal in signals:
                    if not isinstance(signal, Hint) or signal.body.get("kind") in ("message", "rest"):
                        return edge.work_of(signal)
    except TimeoutError:
        pass
    return None


async def post_receipts(request: web.Request) -> web.Response:
    """How far the caller has received and read."""
    edge, visitor = caller(request)
    await edge.admit_signal(visitor)
    body = await edge.read_frame(request)
    received, read = parse_seq(body.get("received", 0), "received"), parse_seq(body.get("read", 0), "read")
    await edge.thread(visitor).acknowledge(received, read)
    await edge.realtime.publish(
        topic(visitor), {"kind": "receipt", "by": "customer", "received": received, "read": read}
    )
    return web.Response(status=204)


async def post_typing(request: web.Request) -> web.Response:
    """The caller is writing, or has stopped."""
    edge, visitor = caller(request)
    await edge.admit_signal(visitor)
    on = bool((await edge.read_frame(request)).get("on"))
    await edge.realtime.publish(topic(visitor), {"kind": "typing", "by": "customer", "on": on})
    return web.Response(status=204)
