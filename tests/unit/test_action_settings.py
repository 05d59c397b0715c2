"""Settings of actions: no secret that is too short, no address that gives it away, no third party without purpose."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.settings import Actions, Settings

FRIENDS = {"name": "friends", "url": "https://actions.example.com/webhook", "actions": ["action_a"], "ours": True}


def remote(**changes: Any) -> Actions:
    return Actions.model_validate({"remote": [{**FRIENDS, **changes}]})


def test_nothing_is_on_by_itself() -> None:
    assert Actions().secret is None
    assert Actions().remote_names == frozenset()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"url": "http://actions.example.com/webhook", "ours": False, "purpose": "advice"}, "https"),
        ({"url": "https://user:pass@actions.example.com/"}, "password"),
        ({"url": "ftp://actions.example.com/"}, "url"),
        ({"ours": False}, "purpose"),
        ({"secret": "short"}, "16"),
        ({"actions": []}, "actions"),
        ({"actions": ["utter_x"]}, "actions"),
        ({"actions": ["action_a", "action_a"]}, "once"),
        ({"name": "Not A Name"}, "name"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        remote(**changes)


@pytest.mark.parametrize("url", ["http://127.0.0.1:5055/webhook", "http://[::1]:5055/", "http://localhost/x"])
def test_plain_http_stays_on_this_machine(url: str) -> None:
    assert remote(url=url, ours=False, purpose="advice").remote_names == {"action_a"}
    assert remote(url="http://actions:5055/webhook").remote_names == {"action_a"}


def test_secrets_are_long_and_accounts_are_free() -> None:
    with pytest.raises(ValidationError, match="32"):
        Actions.model_validate({"secret": "x" * 31})
    with pytest.raises(ValidationError, match="terminal"):
        Actions.model_validate({"account": "terminal"})
    with pytest.raises(ValidationError, match="must differ: shop"):
        Settings.model_validate({"actions": {"secret": "x" * 32, "account": "shop"}})


def test_a_call_ends_before_its_try_does() -> None:
    with pytest.raises(ValidationError, match=r"outside_action_s: friends"):
        Settings.model_validate({"actions": {"remote": [{**FRIENDS, "timeout_s": 20}]}})
