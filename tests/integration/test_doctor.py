"""``yingda doctor`` on good and on broken stores; its words."""

import ast
import json
import re
import string
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from bot.storage.database import Addresses
from bot.storage.embedded import status
from tests.integration.embedded_users import UserProcesses, server_pid, users
from tests.integration.test_commands import Shell, clean, folder, yingda
from tests.servers import ROOT, free_port

pytestmark = pytest.mark.heavy

__all__ = ["folder", "users", "yingda"]

SECRET = "geheim-4711"
TEXTS = yaml.safe_load((ROOT / "bot/checkup/texts.yml").read_text(encoding="utf-8"))


def parts(shell: Shell, expected_code: int, **changes: str) -> dict[str, dict[str, Any]]:
    """The parts by name; the password is in nothing that any form of the report prints."""
    plain, told = shell("doctor", **changes), shell("doctor", "--json", **changes)
    assert SECRET not in plain.stdout + plain.stderr + told.stdout + told.stderr
    assert (plain.returncode, told.returncode) == (expected_code, expected_code), plain.stdout + plain.stderr
    found = {part["name"]: part for part in json.loads(told.stdout)["parts"]}
    for part in found.values():
        assert bool(part["mend"]) is (part["state"] != "ok")
        assert part["mend"] in plain.stdout
    return found


def with_password(url: str) -> str:
    return re.sub(r"//(\w+)@", rf"//\1:{SECRET}@", url, count=1)


def test_a_good_store_is_well(yingda: Shell, demo_addresses: Addresses) -> None:
    found = parts(
        yingda,
        0,
        YINGDA_DATABASE_URL=with_password(demo_addresses.application_url),
        YINGDA_OWNER_DATABASE_URL=with_password(demo_addresses.owner_url),
    )
    assert {part["state"] for part in found.values()} == {"ok"}
    assert re.search("[1-9][0-9]* articles", found["knowledge"]["detail"])


def test_official_accounts_have_a_line_each(yingda: Shell, demo_addresses: Addresses) -> None:
    known = {"appid": "wx00000000000000b1", "mode": "plain", "secret": SECRET, "token": "pushes4care"}
    accounts = [{**known, "name": "care"}, {**known, "name": "news", "appid": "wx00000000000000b2"}]
    with psycopg.connect(demo_addresses.application_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO bot.wechat_tokens (appid, id, failed_at, fault, error_code, rid)"
            " VALUES ('wx00000000000000b2', gen_random_uuid(), now(), 'token', '40001', 'rid-1')"
        )
    found = parts(yingda, 1, YINGDA_WECHAT=json.dumps(accounts))
    assert found["wechat:care"]["state"] == "ok"
    assert found["wechat:news"]["state"] == "failed"
    assert "(40001 · rid rid-1)" in found["wechat:news"]["detail"]
    assert "yingda wechat check" in found["wechat:news"]["mend"]


def test_what_is_broken_is_named(yingda: Shell, demo_addresses: Addresses) -> None:
    found = parts(yingda, 1, YINGDA_REDIS_URL=f"redis://:{SECRET}@127.0.0.1:{free_port()}/0")
    assert [part["name"] for part in found.values() if part["state"] != "ok"] == ["realtime"]
    assert found["realtime"]["state"] == "failed"
    assert "redis_url" in found["realtime"]["mend"]

    found = parts(yingda, 1, YINGDA_DATABASE_URL=f"postgresql://app:{SECRET}@127.0.0.1:{free_port()}/yingda")
    assert [part["name"] for part in found.values() if part["state"] != "ok"] == ["database"]
    assert found["database"]["state"] == "failed"
    assert "database_url" in found["database"]["mend"]

    with psycopg.connect(demo_addresses.application_url, autocommit=True) as connection:
        connection.execute("DELETE FROM kb.articles")
    found = parts(yingda, 0)
    assert [part["name"] for part in found.values() if part["state"] != "ok"] == ["knowledge"]
    assert found["knowledge"]["state"] == "warning"
    assert "yingda kb import" in found["knowledge"]["mend"]


@pytest.mark.parametrize("variable", ["YINGDA_DATABASE_URL", "YINGDA_REDIS_URL"])
def test_a_wrong_address_is_told_without_its_password(yingda: Shell, variable: str) -> None:
    done = yingda("doctor", **{variable: f"nonsense://app:{SECRET}@127.0.0.1:port/0"})
    assert done.returncode == 2
    assert SECRET not in done.stdout + done.stderr
    assert variable.removeprefix("YINGDA_").lower() in done.stderr.lower()


def test_an_untouched_folder_stays_untouched(folder: Path) -> None:
    found = parts(clean(YINGDA_VAR_DIR=str(folder)), 0)
    assert found["embedded"]["state"] == "warning"
    assert found["embedded"]["detail"] == "not made yet"
    assert "yingda serve (or make run)" in found["embedded"]["mend"]
    assert "database" not in found
    assert list(folder.iterdir()) == []


def test_the_embedded_database_is_told_with_its_users(folder: Path, users: UserProcesses) -> None:
    yingda, data_dir = clean(YINGDA_VAR_DIR=str(folder), YINGDA_DEMO="false"), folder / "postgres"
    assert yingda("db", "migrate").returncode == 0

    found = parts(yingda, 0)
    assert (found["embedded"]["state"], found["database"]["state"]) == ("ok", "ok")
    assert found["embedded"]["detail"].startswith("stopped")

    user = users.start(data_dir)
    user.databases()
    found = parts(yingda, 0)
    server = server_pid(data_dir)
    assert found["embedded"]["detail"] == f"running: process {server}, used by process {user.pid}"

    user.kill()
    plain = yingda("doctor")
    assert plain.returncode == 0
    assert f"! embedded   process {server} runs without users" in plain.stdout
    assert not status(data_dir).running


def test_every_condition_has_its_words_in_three_languages() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"zh-Hans", "zh-Hant", "en"}, code
        for place in (0, 1):
            holes = [{hole for _, hole, _, _ in string.Formatter().parse(two[place]) if hole} for two in texts.values()]
            assert holes[0] == holes[1] == holes[2], code
            assert len({bool(two[place]) for two in texts.values()}) == 1, code


def test_every_condition_that_is_told_has_words_and_no_words_are_left_over() -> None:
    used: set[str] = set()
    for source in (*ROOT.glob("bot/checkup/*.py"), ROOT / "bot/commands/doctor.py"):
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Part":
                told = call.args[2]
                outcomes = [told.body, told.orelse] if isinstance(told, ast.IfExp) else [told]
                used |= {ast.literal_eval(outcome) for outcome in outcomes}
    assert used == set(TEXTS)
