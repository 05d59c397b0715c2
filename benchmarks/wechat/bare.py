"""The floor of WeChat's channel: a bare aiohttp handler that checks, decrypts, writes the same rows and answers.

It knows no second delivery and no user who sends twice at once, looks at no window, searches nothing and seals nothing
in its rows; the answer that it encrypts is always the same. Run as
``python -m benchmarks.wechat.bare PORT DATABASE_URL``.
"""

import asyncio
import hmac
import json
import secrets
import struct
import sys
import time
from base64 import b64decode
from xml.etree.ElementTree import fromstring

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from benchmarks.bare import (
    ANSWER,
    ANSWER_BYTES,
    CONTACT,
    CONVERSATION,
    FIND,
    IDENTITY,
    INBOX,
    INTERACTION,
    MESSAGE,
    MOVE,
)
from benchmarks.wechat.house import CARE, ORIGINAL_ID
from benchmarks.wechat_fuzz.sealing import encrypt, padded, plaintext, sign

OUTBOX = """INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, due_at, state, route,
                                    settled_at, reply_to, reply_part)
            VALUES (%s, %s, %s, 'shop', %s, now(), 'sent', 'passive', now(), %s, 0)"""
WINDOW = """INSERT INTO bot.send_windows AS w (identity_id, trigger, at) VALUES (%s, 'message', now())
            ON CONFLICT (identity_id, trigger) DO UPDATE SET at = excluded.at, sent = 0"""
TOKEN = CARE.token.encode()
AES = Cipher(algorithms.AES(b64decode(CARE.aes_key + "=")), modes.CBC(b64decode(CARE.aes_key + "=")[:16]))
REPLY = (
    "<xml><ToUserName><![CDATA[{user}]]></ToUserName><FromUserName><![CDATA[{account}]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
)
SEALED = (
    "<xml><Encrypt><![CDATA[{cipher}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
    "<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
)


async def answer(request: web.Request) -> web.Response:
    """Reads the request, writes its rows in one transaction, answers."""
    query, now = request.query, int(time.time())
    encrypted = fromstring(await request.read()).findtext("Encrypt") or ""
    stamp, nonce = query["timestamp"].encode(), query["nonce"].encode()
    for name, signed in (("signature", ()), ("msg_signature", (encrypted.encode(),))):
        if not hmac.compare_digest(sign(TOKEN, stamp, nonce, *signed), query[name].encode()):
            raise web.HTTPForbidden
    if abs(now - int(stamp)) > 300:
        raise web.HTTPForbidden
    push = {child.tag: child.text or "" for child in fromstring(decrypted(encrypted))}
    async with request.app["pool"].connection() as connection:
        await _write(connection, push)
    reply = REPLY.format(user=push["FromUserName"], account=ORIGINAL_ID, now=push["CreateTime"], text=ANSWER)
    cipher = encrypt(padded(plaintext(reply.encode(), CARE, secrets.token_bytes(16))), CARE.aes_key)
    fresh = secrets.token_hex(8)
    signature = sign(TOKEN, b"%d" % now, fresh.encode(), cipher).decode()
    whole = SEALED.format(cipher=cipher.decode(), signature=signature, now=now, nonce=fresh)
    return web.Response(text=whole, content_type="application/xml")


def decrypted(encrypted: str) -> bytes:
    """The document; refused where it is another app's."""
    decryptor = AES.decryptor()
    plain = decryptor.update(b64decode(encrypted)) + decryptor.finalize()
    (size,) = struct.unpack(">I", plain[16:20])
    if plain[20 + size : -plain[-1]] != CARE.appid.encode():
        raise web.HTTPForbidden
    return plain[20 : 20 + size]


async def _write(connection: AsyncConnection, push: dict[str, str]) -> None:
    question, reply, trace = uuid7(), uuid7(), uuid7().hex
    user = push["FromUserName"].encode()
    row = await (await connection.execute(FIND, (user,))).fetchone()
    async with connection.pipeline():
        if row is None:
            contact, identity, conversation, seq = uuid7(), uuid7(), uuid7(), 0
            await connection.execute(CONTACT, (contact, contact, contact))
            await connection.execute(IDENTITY, (identity, contact, contact, user))
            await connection.execute(CONVERSATION, (conversation, identity))
        else:
            conversation, identity, seq = row
        said, replied = json.dumps({"text": push["Content"]}).encode(), json.dumps({"text": ANSWER}).encode()
        await connection.execute(INBOX, (push["MsgId"].encode(), conversation, question))
        await connection.execute(MESSAGE, (question, conversation, seq + 1, "in", "customer", said, None, None))
        await connection.execute(MESSAGE, (reply, conversation, seq + 2, "out", "bot", replied, None, question))
        await connection.execute(OUTBOX, (reply, conversation, seq + 2, trace, question))
        await connection.execute(WINDOW, (identity,))
        text = push["Content"].encode()
        await connection.execute(INTERACTION, (uuid7(), identity, conversation, "in", text, trace, f"m:{question}"))
        await connection.execute(
            INTERACTION, (uuid7(), identity, conversation, "out", ANSWER_BYTES, trace, f"m:{reply}")
        )
        await connection.execute(MOVE, (conversation,))


async def main(port: int, url: str) -> None:
    """Serves until killed."""
    app = web.Application()
    app.router.add_post(f"/channels/{CARE.name}/webhook", answer)
    async with AsyncConnectionPool(url, min_size=2, max_size=16, open=False) as pool:
        app["pool"] = pool
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
