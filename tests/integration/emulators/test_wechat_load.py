"""1,000 users at 100 messages a second: the emulator keeps up, so that what is slow is the bot."""

import asyncio
import time

import psutil
import pytest
import yaml

from tests.integration.emulators.wechat_lab import account
from tests.integration.emulators.wechat_process import Process, echoing, emulator

USERS, RATE, SECONDS = 1000, 100, 6


async def write(wechat: Process, number: int, due: float, late: list[float]) -> None:
    """One message at its time, whatever became of those before it."""
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await wechat.control("POST", f"/users/u{number % USERS + 1}/text", {"content": f"message {number}"})
    late.append(time.perf_counter() - due)


@pytest.mark.alone
async def test_a_thousand_users_at_a_hundred_messages_a_second(tmp_path) -> None:
    async with echoing() as bot:
        shop = account().model_dump(mode="json") | {"push_url": bot}
        config = tmp_path / "wechat.yml"
        config.write_text(yaml.safe_dump({"accounts": [shop]}), encoding="utf-8")
        async with emulator("--config", str(config)) as wechat:
            await wechat.control("POST", "/users", {"count": USERS, "prefix": "u", "follow": ["shop"]})
            process = psutil.Process(wechat.process.pid)
            before = sum(process.cpu_times()[:2])
            late: list[float] = []
            start = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                for number in range(RATE * SECONDS):
                    tasks.create_task(write(wechat, number, start + number / RATE, late))
            assert (await wechat.control("GET", "/idle?wait=10"))["idle"]
            busy = (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - start)
            figures = await wechat.control("GET", "/statistics")
    assert figures["outcomes"] == {"answered": RATE * SECONDS}
    assert figures["attempts"] == {"answered": RATE * SECONDS}
    assert figures["passive_answer_s"]["p99"] < 0.1, figures
    assert sorted(late)[int(len(late) * 0.99)] < 0.2
    assert busy < 0.5, f"{busy:.2f} of a core"
