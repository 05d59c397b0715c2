"""``yingda wechat notices`` and ``check``: the settings beside the templates that the account has."""

import pytest

from tests.integration.wechat.emulator import TEMPLATES

FITTING = """
[[wechat.notices]]
name = "answer_waiting"
kind = "subscription"
template_id = "S1"
fields = {thing1 = "您有新的回复"}
"""
UNFIT = """
[[wechat.notices]]
name = "case_changed"
kind = "template"
template_id = "T1"
fields = {thing2 = "{case_number}"}
"""
UNKNOWN = """
[[wechat.notices]]
name = "case_changed"
kind = "template"
template_id = "T9"
fields = {thing1 = "{case_number}"}
"""


async def test_notices_that_fit_are_listed_with_the_templates_that_none_uses(wechat, run, tmp_path):
    with (tmp_path / "yingda.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n" + FITTING)
    code, out, err = await run("notices", "list")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "✓ answer_waiting  subscription  S1  到货",
        "· not used  template  T1  进度  thing1",
        "template messages: 1 of 25 templates",
    ]
    assert await run("check") == (0, "✓ care  app id and secret are right, the token is taken\n", "")
    code, _, err = await run("notices", "list", "nobody")
    assert (code, "there is no account nobody: care" in err) == (2, True)


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (UNFIT, ["case_changed: fields are missing: thing1", "case_changed: the template has no fields thing2"]),
        (UNKNOWN, ["case_changed: the account has no template T9 of this kind"]),
        (FITTING + "long_term = true\n", ["answer_waiting: this is a one-time template: take long_term away"]),
    ],
    ids=["fields", "template", "term"],
)
async def test_what_wechat_would_refuse_is_told(wechat, run, tmp_path, notice, told):
    with (tmp_path / "yingda.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n" + notice)
    for words in (("check",), ("notices", "list")):
        code, out, err = await run(*words)
        assert (code, err.splitlines()) == (1, [f"✗ care  {line}" for line in told])
    assert out.startswith("✗ ")


async def test_more_templates_than_wechat_allows_are_told(wechat, run, tmp_path):
    with (tmp_path / "yingda.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n" + FITTING)
    many = [{"id": f"T{number}", "title": "t", "content": "{{thing1.DATA}}"} for number in range(26)]
    await wechat.control("PATCH", "/accounts/care", {"templates": [*many, *TEMPLATES[1:]]})
    code, _, err = await run("check")
    assert (code, err) == (1, "✗ care  there are 26 templates of template messages, 25 at most\n")
