"""Conversations of an official account in the store, without WeChat: lines on their way, and windows."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integration.console_client import Talk
from tests.integration.desk_customers import store_waiting


async def store_wechat_waiting(engine: AsyncEngine, *contents: str) -> Talk:
    """A customer of the official account ``care`` who waits for a person; the bot's lines were given passively."""
    talk = await store_waiting(engine, *(contents or ("在吗？", "正在为您转接。")))
    await change(
        engine,
        "UPDATE bot.conversations SET channel = 'wechat', account = 'care', received_seq = 0, read_seq = 0"
        " WHERE id = :id",
        talk,
    )
    await change(
        engine,
        "UPDATE bot.outbox SET account = 'care', due_at = now(), state = 'sent', route = 'passive',"
        " settled_at = now() WHERE conversation_id = :id",
        talk,
    )
    return talk


async def change(engine: AsyncEngine, statement: str, talk: Talk, **values: Any) -> None:
    """Runs a statement about the talk; ``:id`` is its conversation."""
    async with engine.begin() as connection:
        await connection.execute(text(statement), {"id": talk.conversation, **values})


async def act(engine: AsyncEngine, talk: Talk, trigger: str, at: datetime, sent: int = 0) -> None:
    """What the customer did, and how many messages went out since."""
    await change(
        engine,
        "INSERT INTO bot.send_windows SELECT identity_id, :trigger, :at, :sent FROM bot.conversations WHERE id = :id"
        " ON CONFLICT (identity_id, trigger) DO UPDATE SET at = excluded.at, sent = excluded.sent",
        talk,
        trigger=trigger,
        at=at,
        sent=sent,
    )
