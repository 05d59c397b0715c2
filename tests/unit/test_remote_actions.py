"""Remote actions are no part of a turn: neither can one ask, nor be named like one of ours."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from rasa_sdk.executor import CollectingDispatcher

from bot.flows.catalogue import OURS
from bot.flows.checking import check_definitions
from bot.flows.reading import read_definitions
from bot.handlers.action import ActionFault, running
from bot.handlers.remote import remote_actions
from bot.handlers.surroundings import surroundings
from bot.settings import Settings, SettingsFault

FILE = """
flows:
  ask_outside:
    name: 问外面
    translation: {zh-Hant: 問外面, en: Ask outside}
    description: Asks another server.
    steps:
      - collect: outside_word
slots:
  outside_word: {type: text}
"""
NOBODY = cast(Any, None)


def settings(name: str) -> Settings:
    friends = {"name": "friends", "url": "http://127.0.0.1:1/", "ours": True, "actions": [name]}
    return Settings.model_validate({"actions": {"remote": [friends]}})


def test_a_question_cannot_wait_for_another_server() -> None:
    found = read_definitions(OURS, {"outside.yml": FILE})
    checked = check_definitions(found, surroundings(frozenset({"action_ask_outside_word"})))
    assert [each.code for each in checked.faults if each.file == "outside.yml"] == ["ask_missing"]


async def test_it_does_not_leave_the_house_inside_a_turn() -> None:
    (action,) = remote_actions(settings("action_x"), NOBODY, NOBODY, NOBODY, frozenset())
    turn = cast(Any, SimpleNamespace(lent=object()))
    with running(turn), pytest.raises(ActionFault, match="part of a turn") as refused:
        await action.run(CollectingDispatcher(), NOBODY, {})
    assert refused.value.code == "outside_only"


def test_it_takes_the_place_of_none_of_ours() -> None:
    ours = frozenset({"action_open_complaint"})
    with pytest.raises(SettingsFault, match="action_open_complaint"):
        remote_actions(settings("action_open_complaint"), NOBODY, NOBODY, NOBODY, ours)
