"""The guide's settings of notices are some, and both languages show the same."""

from pathlib import Path

import pytest

from bot.settings import read_settings
from tests.integration.wechat.test_guide import blocks

NAMES = ("wechat-notices.md", "wechat-notices.zh-CN.md")


def test_both_guides_have_the_same_examples() -> None:
    for language in ("toml", "sh"):
        assert blocks(NAMES[0], language) == blocks(NAMES[1], language)


def test_the_settings_are_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [settings] = blocks(NAMES[0], "toml")
    Path("yingda.toml").write_text(settings, encoding="utf-8")
    for name, value in (("SECRET", "s" * 32), ("TOKEN", "abc"), ("AES_KEY", "a" * 43)):
        monkeypatch.setenv(f"YINGDA_WECHAT_SECRETS__CARE__{name}", value)
    [account] = read_settings().wechat
    assert [notice.name for notice in account.notices] == ["answer_waiting", "case_changed"]
