"""The wheel, installed where nothing else is: it chats, and does what compose.yaml and the image ask of it."""

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import psycopg
import pytest

from bot.__main__ import COMMANDS
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.embedded.binaries import find_binaries
from build_front import PAGES
from tests.integration.conftest import Shipped, clean_environment, settings_field
from tests.integration.test_compose import OURS
from tests.integration.test_docker_steps import DOCKERFILE
from tests.integration.whole_programs import ask, postgres_under, serving, wait_ready
from tests.servers import ROOT, LiveServer, free_port

pytestmark = pytest.mark.heavy


def test_everything_is_in_it(shipped: Shipped) -> None:
    """Every file of the packages that git knows, and the front end that it does not."""
    with zipfile.ZipFile(shipped.wheel) as wheel:
        inside = set(wheel.namelist())
    packages = ("bot", "crm_adapter", "knowledge_base", "emulators")
    ours = {str(path.relative_to(shipped.source)) for name in packages for path in (shipped.source / name).rglob("*")}
    ours = {name for name in ours if (shipped.source / name).is_file() and "__pycache__" not in name}
    assert {f"bot/web/static/{page}" for page in PAGES} <= inside
    for suffix in (".sql", ".yml", ".lua"):
        assert any(name.endswith(suffix) for name in ours), suffix
    assert any("/migrations/" in name for name in ours)
    assert ours - inside == set()
    assert {name.split("/")[0] for name in inside if ".dist-info/" not in name} == set(packages)


def test_without_its_pages_there_is_no_wheel(tmp_path: Path) -> None:
    """A front end whose build says it went well and made nothing: the build of the wheel fails and says why."""
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "build_front.py", "hatch_build.py"):
        shutil.copy(ROOT / name, source / name)
    for name in ("bot", "crm_adapter", "knowledge_base", "emulators"):
        (source / name).mkdir()
        (source / name / "__init__.py").touch()
    (source / "ui").mkdir()
    package = {"name": "ui", "version": "1.0.0", "scripts": {"build": "node --version"}}
    (source / "ui" / "package.json").write_text(json.dumps(package))
    lock = {"name": "ui", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (source / "ui" / "package-lock.json").write_text(json.dumps(lock))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True, timeout=300, env=clean_environment())
    assert done.returncode != 0
    assert "the build made no widget/frame.html" in done.stderr
    assert not list(out.glob("*.whl"))


def test_it_serves_and_answers_and_leaves_nothing_behind(shipped: Shipped, folder: Path) -> None:
    program, port = shipped.program("yingda"), free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(program, folder, port) as (server, log):
        wait_ready(url, server, log)
        assert postgres_under(folder)
        for page in ("demo/", "console/", "widget/loader.js", "widget/frame/shop"):
            with urllib.request.urlopen(f"{url}/{page}", timeout=10) as answer:
                assert answer.read(), page
        session = ask(f"{url}/channels/shop/session", {"locale": "zh-Hans"})
        question = {"client_msg_id": "first", "text": "怎么退货"}
        told = ask(f"{url}/channels/shop/messages", question, session["token"])
        assert told["ack"]["client_msg_id"] == "first"
        (answer,) = [message for message in told["messages"] if message["direction"] == "out"][:1]
        assert "退" in answer["body"]["text"]
        assert ask(f"{url}/channels/shop/messages", question, session["token"]) == told
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0, log.read_text()[-4000:]
        assert postgres_under(folder) == []

    with serving(program, folder, port) as (server, log):
        wait_ready(url, server, log)
        assert ask(f"{url}/channels/shop/messages", question, session["token"]) == told
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0, log.read_text()[-4000:]
        assert postgres_under(folder) == []


@pytest.mark.parametrize("name", OURS)
def test_every_service_of_ours_runs_a_command_with_settings_that_exist(name: str, shipped: Shipped) -> None:
    service = OURS[name]
    assert service["command"][0] in COMMANDS
    usage = subprocess.run(
        [shipped.program("yingda"), *service["command"], "--help"],
        cwd=shipped.prefix,
        env=clean_environment(),
        capture_output=True,
        timeout=60,
    )
    assert usage.returncode == 0
    for variable in service["environment"]:
        settings_field(variable)


def test_the_roles_script_makes_what_a_migration_needs(shipped: Shipped, folder: Path) -> None:
    with EmbeddedPostgres(folder / "pg") as databases:

        def url(role: str, name: str) -> str:
            return databases.owner_url.replace("yingda_owner", role, 1).replace("/yingda?", f"/{name}?", 1)

        with psycopg.connect(url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE yingda")
            connection.execute("DROP ROLE yingda_owner, yingda_app")
            (socket,) = connection.execute("SHOW unix_socket_directories").fetchone() or ("",)
        programs = find_binaries().root / "bin"
        roles = subprocess.run(
            [ROOT / "deploy" / "postgres" / "roles.sh"],
            env=clean_environment(
                POSTGRES_USER="postgres",
                PGHOST=socket,
                PATH=f"{programs}:/usr/bin:/bin",
                YINGDA_OWNER_PASSWORD="it's the owner's",
                YINGDA_APP_PASSWORD="it's the application's",
            ),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert roles.returncode == 0, roles.stderr
        migrated = subprocess.run(
            [shipped.program("yingda"), "db", "migrate"],
            cwd=folder,
            env=clean_environment(
                YINGDA_DATABASE_URL=url("yingda_app", "yingda"), YINGDA_OWNER_DATABASE_URL=url("yingda_owner", "yingda")
            ),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert migrated.returncode == 0, migrated.stderr
        with psycopg.connect(url("postgres", "yingda")) as connection:
            rows = connection.execute(
                "SELECT rolname, rolsuper, rolpassword IS NOT NULL FROM pg_authid WHERE rolname ~ '^yingda' ORDER BY 1"
            ).fetchall()
            assert rows == [("yingda_app", False, True), ("yingda_owner", False, True)]
        with psycopg.connect(url("yingda_app", "yingda"), autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM crm.interactions").fetchone() == (0,)
            for schema in ("public", "bot", "crm"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"CREATE TABLE {schema}.mine ()")


def test_the_health_check_tells_a_live_server_from_a_dead_one(live_server: LiveServer, shipped: Shipped) -> None:
    command = json.loads(re.findall(r"^HEALTHCHECK .* CMD (.*)$", DOCKERFILE, re.MULTILINE)[0])
    assert command[1] == "/opt/yingda/healthy.py"
    check = [shipped.program("python"), str(ROOT / "deploy" / "healthy.py")]

    def code(port: int) -> int:
        environment = clean_environment(YINGDA_HTTP__PORT=str(port))
        return subprocess.run(check, env=environment, timeout=30, capture_output=True).returncode

    assert code(live_server.port) == 0
    assert code(free_port()) == 1
