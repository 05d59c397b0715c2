"""Every push that is no talk has its effect, and what staff reads of it."""

from typing import get_args

import pytest

from bot.channels.wechat import pushes
from bot.channels.wechat.inbound import to_inbound
from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import read_tree
from bot.settings import LOCALES
from bot.web.console.deeds import deed_name, deeds
from bot.web.wechat.events import HANDLERS, keep, makes_known
from bot.web.wechat.events_behaviour import behave, deed_of
from bot.web.wechat.notices.talk import Deed
from bot.web.wechat.their_desk import attend
from tests.unit.channels.wechat.samples import SAMPLES

RECORDING = (behave, attend)
PUSHES = {sample.name: parse(read_tree(sample.xml)[0], sample.xml) for sample in SAMPLES}


def inbound(push: Push) -> bool:
    return to_inbound(push, account="a", locale="en", received_at=push.at, trace_id="") is not None


@pytest.mark.parametrize("push", PUSHES.values(), ids=list(PUSHES))
def test_a_push_is_talk_or_has_an_effect_or_is_kept(push: Push):
    handler = HANDLERS.get(type(push))
    assert handler is not None or inbound(push)
    if isinstance(push, pushes.Unknown):
        assert handler is keep
    if handler in RECORDING:
        deed, content = deed_of(push)
        assert all(deed_name(deed, locale) for locale in LOCALES)
        assert content == content.strip()


def test_every_deed_that_has_a_name_is_one():
    done = {deed_of(push)[0] for push in PUSHES.values() if HANDLERS.get(type(push)) in RECORDING}
    assert done | set(get_args(Deed)) == set(deeds())
    assert all(set(words) == set(LOCALES) for words in deeds().values())
    assert deed_name(None, "en") is None
    assert deed_name("else", "en") is None


def test_reports_make_nobody_known():
    unknown = {name for name, push in PUSHES.items() if not makes_known(push)}
    assert unknown == {
        "unsubscribe",
        "TEMPLATESENDJOBFINISH",
        "MASSSENDJOBFINISH",
        "mass report without counts",
        "user_got_a_card",
        "device_text",
        "subscribe_msg_sent_event",
        "kf_create_session",
        "kf_close_session",
        "kf_switch_session",
    }
