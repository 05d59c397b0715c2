"""The emulator as a program: started from a file, from nothing, and with faults in the file."""

import subprocess
import sys
import time
from pathlib import Path

import yaml

from tests.integration.emulators.wechat_lab import account
from tests.integration.emulators.wechat_process import echoing, emulator
from tests.servers import ROOT


async def test_a_file_names_the_accounts_and_the_program_stops_when_told(tmp_path: Path) -> None:
    async with echoing() as bot:
        shop = account().model_dump(mode="json", exclude_defaults=True) | {"push_url": bot}
        tea = account("tea", 2).model_dump(mode="json", exclude_defaults=True)
        config = tmp_path / "wechat.yml"
        config.write_text(yaml.safe_dump({"accounts": [shop, tea], "delivery": {"tries": 4}}), encoding="utf-8")
        async with emulator("--config", str(config), "--scale", "0.5", "--seed", "9") as wechat:
            overview = await wechat.control("GET", "")
            assert [one["settings"]["name"] for one in overview["accounts"]] == ["shop", "tea"]
            assert overview["delivery"]["tries"] == 4
            assert overview["delivery"]["scale"] == 0.5
            await wechat.control("POST", "/users", {"user": "li", "follow": ["shop"]})
            await wechat.control("POST", "/users/li/text", {"content": "在吗"})
            lines = (await wechat.control("GET", "/users/li/phone?wait=10"))["lines"]
            assert [line["content"] for line in lines] == [{"content": "在吗"}]


async def test_without_a_file_there_is_one_account_in_safe_mode() -> None:
    async with echoing() as bot, emulator("--push-url", bot) as wechat:
        [shop] = (await wechat.control("GET", ""))["accounts"]
        assert (shop["settings"]["mode"], shop["settings"]["push_url"]) == ("safe", bot)
        await wechat.control("POST", "/users", {"user": "li", "follow": ["shop"]})
        done = await wechat.control("POST", "/users/li/image")
        push = await wechat.control("GET", f"/deliveries/{done['deliveries'][0]}?wait=10")
        assert push["outcome"] == "malformed", "a plain answer in safe mode"
        async with wechat.client.get(push["fields"]["PicUrl"]) as response:
            assert response.content_type == "image/png"


async def test_it_stops_while_phones_are_being_read() -> None:
    async with emulator() as wechat:
        await wechat.control("POST", "/users", {"user": "li"})
        await wechat.control("POST", "/users/li/pay")
        async with wechat.client.get(f"{wechat.url}/control/users/li/events") as stream:
            assert (await stream.content.readline()).startswith(b"id: 1")
            wechat.process.terminate()
            began = time.perf_counter()
            rest = await stream.content.read()
            assert await wechat.process.wait() == 0
            assert time.perf_counter() - began < 10
        assert b"event: system" in rest


def test_wrong_settings_are_told_without_secrets(tmp_path: Path) -> None:
    config = tmp_path / "wechat.yml"
    document = account().model_dump(mode="json") | {"mode": "loud", "colour": "red", "secret": "hidden!"}
    config.write_text(yaml.safe_dump({"accounts": [document]}), encoding="utf-8")
    command = [sys.executable, "-m", "emulators.wechat", "--config", str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "accounts.0.mode" in done.stderr
    assert "accounts.0.colour" in done.stderr
    assert "hidden!" not in done.stderr
    assert "Traceback" not in done.stderr
