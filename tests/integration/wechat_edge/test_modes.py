"""Several official accounts side by side in one server, each with its own mode, form and keys."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.storage.database import Addresses
from tests.integration.wechat.emulator import emulated_by_itself
from tests.integration.wechat_edge.phones import KEY, Wechat
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
MODES = [(mode, form) for mode in ("plain", "compatible", "safe") for form in ("xml", "json")]
NAMES = [f"{mode}-{form}" for mode, form in MODES]
IN = "SELECT c.account, count(*) FROM bot.messages m JOIN bot.conversations c ON c.id = m.conversation_id"


def account(number: int, mode: str) -> dict[str, Any]:
    """What both sides know of it; every one has a key of its own."""
    key = KEY[:-2] + f"{number}A"
    secrets = {"secret": f"the-secret-of-{number}", "token": f"pushes4number{number}", "aes_key": key}
    return {"name": NAMES[number], "appid": f"wx00000000000000c{number}", "mode": mode, **secrets}


async def test_every_mode_and_form_is_answered_beside_the_others(demo_addresses: Addresses, tmp_path: Path) -> None:
    """One person follows all of them, with an openid for each: nothing gets from one account to another."""
    accounts = [account(number, mode) | {"previous_aes_key": OLD_KEY} for number, (mode, _) in enumerate(MODES)]
    theirs = [
        {**one, "original_id": f"gh_0000000000c{number}", "format": form}
        for number, (one, (_, form)) in enumerate(zip(accounts, MODES, strict=True))
    ]
    config = tmp_path / "emulator.yml"
    config.write_text(yaml.safe_dump({"accounts": theirs}), encoding="utf-8")
    async with emulated_by_itself("--config", str(config)) as emulator:
        phones = Wechat(emulator, demo_addresses, tmp_path)
        ours = [{**one, "api_url": emulator.url} for one in accounts]
        made = await emulator.control("POST", "/users", {"user": "li", "follow": NAMES})
        assert len(set(made["users"][0]["openids"].values())) == len(NAMES)
        with LiveServer(demo_addresses, tmp_path, YINGDA_WECHAT=json.dumps(ours)) as server:
            for name in NAMES:
                url = f"{server.url}/channels/{name}/webhook"
                await emulator.control("PATCH", f"/accounts/{name}", {"push_url": url})
                assert (await emulator.control("POST", f"/accounts/{name}/verify", {}))["verified"]
                push = await phones.do("li", "text", account=name, content=f"你们几点营业？{name}")
                assert push["outcome"] == "answered", push
            # After a change of the key WeChat goes on with the old one for a while.
            await emulator.control("PATCH", "/accounts/safe-xml", {"push_key": "previous"})
            push = await phones.do("li", "text", account="safe-xml", content="在吗")
            assert push["outcome"] == "answered", push
            # What another account's token signs, or its key seals, is nobody's.
            url = f"{server.url}/channels/safe-json/webhook"
            await emulator.control("PATCH", "/accounts/safe-xml", {"push_url": url})
            await emulator.control("PATCH", "/delivery", {"tries": 1})
            push = await phones.do("li", "text", account="safe-xml", content="在吗")
            assert [one["status"] for one in push["attempts"]] == [403]
        lines = (await emulator.control("GET", "/users/li/phone?how=passive"))["lines"]
    assert [line["account"] for line in lines] == [*NAMES, "safe-xml"]
    expected = [(name, 2 if name == "safe-xml" else 1) for name in sorted(NAMES)]
    assert phones.rows(f"{IN} WHERE m.direction = 'in' GROUP BY c.account ORDER BY c.account COLLATE \"C\"") == expected
    assert phones.rows("SELECT count(DISTINCT identity_id), count(*) FROM bot.conversations") == [(6, 6)]
