"""What a container engine would do, as far as it can be done without one."""

import json
import re
import shlex
from pathlib import Path

from bot.__main__ import COMMANDS
from tests.integration.conftest import run_step, settings_field
from tests.servers import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_is_built_by_the_scripts_that_tests_run(context: Path) -> None:
    """`shipped` runs them; here: the Dockerfile runs the same ones, with files that the context has."""
    steps = re.findall(r"^RUN (\S+)", DOCKERFILE, re.MULTILINE)
    assert sorted(steps) == ["/setup/install.sh", "/setup/install.sh", "deploy/build.sh", "useradd"]
    stages = DOCKERFILE.split("\nFROM ")[-1]
    for copied in re.findall(r"^COPY ((?!--from).*) \S+$", stages, re.MULTILINE):
        for name in copied.split():
            assert (context / name).is_file(), name
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)[0]) == ["yingda"]
    assert json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[0])[0] in COMMANDS


def test_the_image_runs_as_nobody_special_and_keeps_its_data() -> None:
    final = DOCKERFILE.split("\nFROM ")[-1]
    assert re.findall(r"^USER (.*)$", final, re.MULTILINE) == ["yingda"]
    assert re.findall(r"^VOLUME (.*)$", final, re.MULTILINE) == ["/var/lib/yingda"]
    for variable in re.findall(r"(YINGDA_\w+)=", final):
        settings_field(variable)


def test_no_secret_and_no_data_enters_the_image(context: Path) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", ".git", "var", "yingda.toml"} <= set(ignored)
    assert not [path for path in context.rglob(".env") if path.is_file()]


def test_shell_scripts_are_whole() -> None:
    for script in sorted([*ROOT.glob("deploy/**/*.sh"), *ROOT.glob("scripts/*.sh"), ROOT / ".ci" / "run"]):
        assert script.stat().st_mode & 0o111, script
        run_step("bash", "-n", script)
        assert "set -" in script.read_text(), script
    assert shlex.split((ROOT / ".ci" / "run").read_text())[-2:] == ["make", "test"]
