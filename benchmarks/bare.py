"""The floor: a bare aiohttp handler that parses the same request and writes the same rows, with no features.

It checks no duplicate's answer, keeps no order beyond the database's own, has no budget, no metrics, no limits, no
search, and seals nothing: what encryption costs shows in the ratio. Run as
``python -m benchmarks.bare PORT DATABASE_URL KEY``.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

import jwt
from aiohttp import web
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

CONTACT = "INSERT INTO crm.contacts (id, root_id, key_id, locale) VALUES (%s, %s, %s, 'en')"
IDENTITY = """INSERT INTO crm.identities (id, contact_id, key_id, channel, account, blind, sealed_external_id,
                                          assurance)
              VALUES (%s, %s, %s, 'web', 'shop', %s, '', 'anonymous')"""
CONVERSATION = """INSERT INTO bot.conversations (id, identity_id, channel, account, locale)
                  VALUES (%s, %s, 'web', 'shop', 'en')"""
FIND = """SELECT c.id, c.identity_id, c.last_seq FROM bot.conversations c JOIN crm.identities i ON i.id = c.identity_id
          WHERE i.blind = %s AND c.closed_at IS NULL FOR UPDATE OF c"""
INBOX = """INSERT INTO bot.inbox (account, blind, conversation_id, message_id, received_at)
           VALUES ('shop', %s, %s, %s, now())"""
MESSAGE = """INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, client_msg_id,
                                       in_reply_to, at)
             VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now())"""
OUTBOX = """INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id)
            VALUES (%s, %s, %s, 'shop', %s)"""
INTERACTION = """INSERT INTO crm.interactions (id, identity_id, conversation_id, channel, account, direction,
                 occurred_at, sealed_content, outcome_kind, outcome_ref, latency_ms, trace_id, idempotency_key)
                 VALUES (%s, %s, %s, 'web', 'shop', %s, now(), %s, 'article', 'floor', 1.0, %s, %s)"""
MOVE = "UPDATE bot.conversations SET last_seq = last_seq + 2, last_at = now(), sealed_state = NULL WHERE id = %s"
ANSWER = "An answer of about the length that articles have, so that the same number of bytes is written. " * 3
ANSWER_BYTES = ANSWER.encode()


async def answer(request: web.Request) -> web.Response:
    """Reads the request, writes its rows in one transaction, answers."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    visitor = jwt.decode(token, request.app["key"], ["HS256"], audience="yingda-session:shop")["sub"]
    frame = await request.json()
    async with request.app["pool"].connection() as connection:
        seq = await _write(connection, visitor, frame)
    body = {
        "ack": {"client_msg_id": frame["client_msg_id"], "seq": seq},
        "messages": [{"seq": seq + 1, "body": {"text": ANSWER}, "at": datetime.now(UTC).isoformat()}],
    }
    return web.json_response(body)


async def _write(connection: AsyncConnection, visitor: str, frame: dict[str, str]) -> int:
    question, reply, trace = uuid7(), uuid7(), uuid7().hex
    row = await (await connection.execute(FIND, (visitor.encode(),))).fetchone()
    async with connection.pipeline():
        if row is None:
            contact, identity, conversation, seq = uuid7(), uuid7(), uuid7(), 0
            await connection.execute(CONTACT, (contact, contact, contact))
            await connection.execute(IDENTITY, (identity, contact, contact, visitor.encode()))
            await connection.execute(CONVERSATION, (conversation, identity))
        else:
            conversation, identity, seq = row
        text, number = frame["text"].encode(), frame["client_msg_id"]
        said, replied = json.dumps({"text": frame["text"]}).encode(), json.dumps({"text": ANSWER}).encode()
        await connection.execute(INBOX, (f"{visitor}:{number}".encode(), conversation, question))
        await connection.execute(MESSAGE, (question, conversation, seq + 1, "in", "customer", said, number, None))
        await connection.execute(MESSAGE, (reply, conversation, seq + 2, "out", "bot", replied, None, question))
        await connection.execute(OUTBOX, (reply, conversation, seq + 2, trace))
        await connection.execute(INTERACTION, (uuid7(), identity, conversation, "in", text, trace, f"m:{question}"))
        await connection.execute(
            INTERACTION, (uuid7(), identity, conversation, "out", ANSWER_BYTES, trace, f"m:{reply}")
        )
        await connection.execute(MOVE, (conversation,))
    return seq + 1


async def main(port: int, url: str, key: str) -> None:
    """Serves until killed."""
    app = web.Application()
    app["key"] = key
    app.router.add_post("/channels/shop/messages", answer)
    async with AsyncConnectionPool(url, min_size=2, max_size=16, open=False) as pool:
        app["pool"] = pool
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
