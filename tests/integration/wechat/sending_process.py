"""A process that sends: the first line of its input says with what, each further one how often at once.

Prints ``ready``, then for each line how often it ended how.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bot.channels.wechat.api import WechatClient, WechatFault, open_client
from bot.settings import Settings, WechatAccount
from bot.storage.database import make_engine
from crm_adapter.encryption import Keyring, Keys


async def run() -> None:
    given = json.loads(sys.stdin.readline())
    ring = Keyring.parse(given["ring"])
    engine = make_engine(given["database"], Settings(var_dir=Path(given["folder"])))
    async with open_client(WechatAccount.model_validate(given["account"]), engine, Keys(lambda: ring)) as client:
        say("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            ends = Counter(await asyncio.gather(*(send(client, given["openid"]) for _ in range(int(line)))))
            say(json.dumps(ends))
    await engine.dispose()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def send(client: WechatClient, openid: str) -> Any:
    try:
        await client.send({"touser": openid, "msgtype": "text", "text": {"content": "你好"}})
    except WechatFault as fault:
        return f"{type(fault).__name__} {fault.errcode}"
    return "sent"


asyncio.run(run())
