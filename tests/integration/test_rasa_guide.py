"""The guide's examples are what they say: run by Rasa's own action server, talked to through whole turns."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bot.app import make_app
from bot.flows.catalogue import OURS
from bot.flows.checking import check_definitions
from bot.flows.reading import read_definitions
from bot.handlers.surroundings import surroundings
from bot.settings import Actions, Settings
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from tests.integration.rasa_server import RemoteHouse, rasa_sdk

ROOT = Path(__file__).parents[2]
NAMES = ("rasa.md", "rasa.zh-CN.md")


def blocks(name: str, language: str) -> list[str]:
    """The examples of a guide in this language."""
    text = (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def flow_and_cases(name: str) -> tuple[str, list[dict[str, Any]]]:
    flow, cases, _endpoints = blocks(name, "yaml")
    return flow, yaml.safe_load(cases)["test_cases"]


def test_both_guides_have_the_same_examples() -> None:
    for language in ("python", "toml", "yaml"):
        assert blocks(NAMES[0], language) == blocks(NAMES[1], language)


def test_the_flow_is_right_once_the_settings_know_its_action(tmp_path: Path) -> None:
    file = tmp_path / "quote.yml"
    file.write_text(flow_and_cases(NAMES[0])[0], encoding="utf-8")
    remote = Actions.model_validate(tomllib.loads(blocks(NAMES[0], "toml")[0])["actions"]).remote_names
    assert remote == {"action_delivery_quote"}
    found = read_definitions(OURS, tmp_path)
    for known, codes in ((remote, set()), (frozenset[str](), {"action_undefined", "response_unused"})):
        checked = check_definitions(found, surroundings(known))
        assert {each.code for each in (*checked.faults, *checked.warnings) if each.file == str(file)} == codes


async def test_the_conversations_go_as_they_stand_there(
    pool: Pool, engine: Any, addresses: Addresses, settings: Settings, tmp_path: Path
) -> None:
    flow, cases = flow_and_cases(NAMES[0])
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "quote.yml").write_text(flow, encoding="utf-8")
    (server,) = tomllib.loads(blocks(NAMES[0], "toml")[0])["actions"]["remote"]
    assert len(cases) == 3
    with rasa_sdk(tmp_path, actions=blocks(NAMES[0], "python")[0]) as url:
        house = await RemoteHouse.with_remote(pool, engine, settings, folder, [{**server, "url": url}])
        for number, case in enumerate(cases):
            customer = house.customer(f"visitor:{number}")
            for step in case["steps"]:
                if "user" in step:
                    await customer.say(step["user"])
                    await house.work(addresses)
                else:
                    assert (await house.said(customer))[-1]["text"] == step["bot"]


@pytest.mark.parametrize("name", NAMES)
async def test_an_endpoints_file_as_it_stands_there_opens_the_door(
    demo_addresses: Addresses, settings: Settings, name: str
) -> None:
    endpoint = yaml.safe_load(blocks(name, "yaml")[2])["action_endpoint"]
    own = {"actions": Actions.model_validate({"secret": endpoint["token"]}), "worker": False}
    call = json.loads((ROOT / "tests" / "data" / "rasa" / "open_complaint.json").read_text(encoding="utf-8"))
    server = TestServer(make_app(settings.model_copy(update=own), demo_addresses))
    await server.start_server()
    try:
        url = server.make_url(re.sub(r"^\w+://[^/]+", "", endpoint["url"]))
        token = {"token": endpoint["token"]}
        async with ClientSession() as session, session.post(url, json=call, params=token) as response:
            assert response.status == 200
    finally:
        await server.close()
