"""The guides and READMEs: each in both languages, of one shape, and no link leads nowhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ENGLISH = sorted(
    path for path in (ROOT / "README.md", *(ROOT / "docs" / "guides").glob("*.md")) if ".zh-CN." not in path.name
)
PAGES = sorted((*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")))
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _prose(path: Path) -> str:
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


def _anchors(path: Path) -> set[str]:
    """As code hosts make them of headings: small letters, hyphens for spaces, no punctuation."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in _HEADING.findall(_prose(path))}


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.name)
def test_a_guide_stands_in_both_languages_with_the_same_headings_and_tables(path: Path) -> None:
    chinese = path.with_name(path.name.replace(".md", ".zh-CN.md"))
    shapes = [
        (
            [len(marks) for marks, _ in _HEADING.findall(_prose(one))],
            len(re.findall(r"^\|[ :|-]+\|$", _prose(one), re.MULTILINE)),
        )
        for one in (path, chinese)
    ]
    assert shapes[0] == shapes[1]
    assert f"]({chinese.name})" in path.read_text(encoding="utf-8")
    assert f"]({path.name})" in chinese.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in _LINK.findall(_prose(path)):
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link
