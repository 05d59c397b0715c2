"""compose.yaml against what the program really has: commands, settings, roles."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from pydantic import SecretStr

from bot.__main__ import COMMANDS
from bot.settings import Settings
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.embedded.binaries import find_binaries
from tests.integration.conftest import Shipped, clean_environment, run_step, settings_field
from tests.servers import ROOT, short_folder

pytestmark = pytest.mark.alone

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "yingda"}


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


def test_compose_has_the_parts_and_they_wait_for_each_other() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "redis", "migrate", "serve-1", "serve-2", "worker", "proxy"}
    assert services["postgres"]["image"].split(":")[1] == "18"
    for name in ("serve-1", "serve-2", "worker"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert "YINGDA_OWNER_DATABASE_URL" not in services[name]["environment"]
    for name in ("postgres", "redis", "proxy"):
        assert services[name]["healthcheck"]["test"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                tested = services[needed].get("healthcheck", {})
                assert tested.get("test") or (needed in OURS and not tested.get("disable")), (name, needed)
        for volume in service.get("volumes", []):
            origin = volume.split(":")[0]
            assert (ROOT / origin).is_file() if origin[0] == "." else origin in COMPOSE["volumes"], volume
    proxied = re.findall(r"reverse_proxy (.*) \{", (ROOT / "deploy" / "Caddyfile").read_text())[0].split()
    assert proxied == ["serve-1:8080", "serve-2:8080"]


def test_compose_holds_no_secret_and_new_env_makes_each(tmp_path: Path) -> None:
    text = (ROOT / "compose.yaml").read_text()
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    for line in text.splitlines():
        if re.search(r"PASSWORD|SECRET", line):
            assert "${" in line, line
    file = tmp_path / "made.env"
    run_step(ROOT / "deploy" / "new-env.sh", file)
    made = dict(line.split("=", 1) for line in file.read_text().splitlines() if line[:1] not in "#")
    assert needed <= set(made)
    assert file.stat().st_mode & 0o077 == 0
    secrets = [value for name, value in made.items() if "PASSWORD" in name or "SECRET" in name]
    assert len(set(secrets)) == len(secrets) == 4
    assert all(re.fullmatch(r"[\w-]{40,}", value) for value in secrets)
    Settings(secret_key=SecretStr(made["YINGDA_SECRET_KEY"]))
    again = subprocess.run([ROOT / "deploy" / "new-env.sh", file], capture_output=True, timeout=30)
    assert again.returncode == 1


def test_the_roles_script_makes_what_a_migration_needs(shipped: Shipped) -> None:
    folder = short_folder()
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
    shutil.rmtree(folder, ignore_errors=True)
