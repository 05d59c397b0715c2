"""compose.yaml against what the program really has: commands, settings, roles."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from bot.settings import Settings
from tests.integration.conftest import run_step
from tests.servers import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "yingda"}


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
