"""Everything the bot says by itself can be said on WeChat, in every language, as a menu and as numbers."""

from dataclasses import replace

import pytest

from bot.channels.wechat.compose import TEXT_BYTES, Terms, compose
from bot.channels.wechat.outgoing import Menu, Words
from bot.channels.wechat.splitting import size_of
from bot.channels.wechat.taps import choice_of
from bot.flows.catalogue import OURS
from bot.flows.model import Response
from bot.flows.reading import read_definitions
from bot.flows.rendering import render
from bot.settings import LOCALES

RESPONSES = [
    Response(response.name, (replace(variant, when=None),))
    for response in read_definitions(OURS).responses.values()
    for variant in response.variants
]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_response_is_one_message_with_choices_that_come_back(locale: str):
    assert len(RESPONSES) > 50
    for response in RESPONSES:
        body = render(response, {}, locale, "wechat")
        choices = [one["id"] for one in body.get("choices", ())]
        (numbered,) = compose([body], Terms(locale))
        assert isinstance(numbered, Words), response.name
        assert size_of(numbered.text) <= TEXT_BYTES
        (message,) = compose([body], Terms(locale, menus=True))
        if not choices:
            assert message == numbered
            continue
        assert isinstance(message, Menu), response.name
        assert [choice_of(item.id) for item in message.items] == choices
        assert message.as_words == numbered
