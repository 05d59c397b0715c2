"""What a shop's page pays for the chat."""

import gzip
import re

import pytest

from bot.web.pages import STATIC

pytestmark = pytest.mark.heavy

BUDGET = 60_000
LOADER_BUDGET = 8_000
WIDGET = STATIC / "widget"


def _gzipped(content: bytes) -> int:
    return len(gzip.compress(content, 9))


@pytest.fixture
def parts() -> dict[str, bytes]:
    """The loader, the frame's page and every file that this page names."""
    page = (WIDGET / "frame.html").read_text(encoding="utf-8")
    assets = re.findall(r'(?:src|href)="/widget/(assets/[^"]+)"', page)
    assert len(assets) >= 2, "a script and a style sheet"
    return {name: (WIDGET / name).read_bytes() for name in ("loader.js", "frame.html", *assets)}


def test_loader_and_frame_stay_within_60_kb_gzipped(parts: dict[str, bytes]) -> None:
    sizes = {name: _gzipped(content) for name, content in parts.items()}
    assert sum(sizes.values()) <= BUDGET, sizes
    assert sizes["loader.js"] <= LOADER_BUDGET, sizes


def test_the_frame_loads_nothing_beyond_what_its_page_names(parts: dict[str, bytes]) -> None:
    built = {f"assets/{path.name}" for path in (WIDGET / "assets").iterdir()}
    assert built <= set(parts), "a part that is fetched later would escape the budget"


def test_nothing_in_it_needs_an_unsafe_policy(parts: dict[str, bytes]) -> None:
    for name, content in parts.items():
        if name.endswith(".js"):
            assert not re.search(rb"\beval\(|new Function\b|\.innerHTML|insertAdjacentHTML|document\.write", content), (
                name
            )
    page = parts["frame.html"].decode()
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
