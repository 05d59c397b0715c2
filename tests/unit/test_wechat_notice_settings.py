"""Notices in the settings: what WeChat would refuse is refused at the start."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.settings import WechatAccount, WechatNotice
from bot.settings.wechat_notices import longest

ACCOUNT = {"name": "care", "appid": "wx0123456789abcdef", "secret": "secret-of-care", "token": "hush", "mode": "plain"}
NOTICE: dict[str, Any] = {
    "name": "case_changed",
    "kind": "template",
    "template_id": "T1",
    "fields": {"character_string1": "{case_number}", "thing2": "{case_kind}：{case_state}"},
    "url": "https://shop.example/cases",
}


def account(*notices: dict[str, Any], **changes: Any) -> WechatAccount:
    return WechatAccount.model_validate({**ACCOUNT, **changes, "notices": list(notices)})


def test_an_account_finds_its_notices_by_what_they_tell() -> None:
    ours = account(NOTICE)
    assert ours.notice("case_changed") == WechatNotice.model_validate(NOTICE)
    assert ours.notice("answer_waiting") is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fields": {"thing1": "{customer}"}}, "thing1 has {customer}; there are case_kind, case_number"),
        ({"fields": {"thing1": "  "}}, "thing1 is empty"),
        ({"fields": {"phrase1": "{case_state}已经有了变更"}}, "phrase1 takes 5 characters"),
        ({"fields": {"thing1": "字" * 21}}, "thing1 takes 20 characters"),
        ({"fields": {"thing1.DATA": "x"}}, "thing1.DATA is no name of a field"),
        ({"fields": {}}, "at least 1 item"),
        ({"purpose": "care_messages"}, "WeChat forbids marketing in template messages"),
        ({"purpose": "care_messages", "kind": "subscription"}, "only notices with the purpose service are sent"),
        ({"long_term": True}, "long_term is for the kind subscription"),
        ({"name": "new_offer"}, "'answer_waiting' or 'case_changed'"),
        ({"template_id": "a b"}, "String should match pattern"),
        ({"url": "javascript:alert(1)"}, "URL scheme should be 'http' or 'https'"),
        ({"miniprogram": {"appid": "wx0123456789abcdef"}}, "pagepath"),
    ],
)
def test_what_wechat_would_refuse_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=r"\w") as caught:
        account({**NOTICE, **changes})
    assert told in str(caught.value)


def test_the_notices_of_an_account_fit_together() -> None:
    other = {**NOTICE, "name": "answer_waiting", "fields": {"thing1": "{company}"}}
    assert len(account(NOTICE, {**other, "template_id": "T2"}).notices) == 2
    with pytest.raises(ValidationError, match="notices must differ: case_changed"):
        account(NOTICE, NOTICE)
    with pytest.raises(ValidationError, match="a template is of one kind: T1"):
        account(NOTICE, {**other, "kind": "subscription"})
    with pytest.raises(ValidationError, match="template messages are for service accounts"):
        account(NOTICE, kind="subscription")
    assert account({**other, "kind": "subscription"}, kind="subscription").notices


@pytest.mark.parametrize(
    ("field", "characters"),
    [("thing1", 20), ("character_string12", 32), ("phrase2", 5), ("keyword1", 20), ("first", 20)],
)
def test_how_long_a_field_may_be_says_its_name(field: str, characters: int) -> None:
    assert longest(field) == characters
