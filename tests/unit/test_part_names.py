"""Every part that the check-up tells of has a name in each of the console's languages."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ROOT / "ui" / "console" / "src" / "i18n" / "names"


def parts_told() -> set[str]:
    """The names under which parts are told of, wherever the program makes one."""
    return {
        call.args[0].value
        for path in (ROOT / "bot").rglob("*.py")
        if "Part(" in (text := path.read_text(encoding="utf-8"))
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Part" and call.args
        if isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.parametrize("locale", ["zh-Hans", "zh-Hant", "en"])
def test_every_part_has_a_name(locale: str) -> None:
    block = re.search(r"^  part: \{\n(.*?)^  \},", (NAMES / f"{locale}.ts").read_text("utf-8"), re.S | re.M)
    assert block is not None
    named = dict(re.findall(r"(\w+): '([^']+)'", block[1]))
    assert {"database", "keyring", "notices"} <= parts_told() <= named.keys()
