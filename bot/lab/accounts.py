"""The lab's official accounts: those of the settings under secrets of the lab, or one of the lab's own."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bot.faults import SettingsFault
from bot.settings import WechatAccount
from bot.settings.wechat_notices import WechatNotice, placeholders

OWN: Mapping[str, Any] = {
    "name": "shop-wechat",
    "appid": "wx0000000000001ab0",
    "mode": "safe",
    "kind": "service",
    "notices": (
        {
            "name": "answer_waiting",
            "kind": "subscription",
            "template_id": "lab-answer-waiting",
            "fields": {"thing1": "{company}", "time2": "{time}"},
        },
        {
            "name": "case_changed",
            "kind": "template",
            "template_id": "lab-case-changed",
            "fields": {"character_string1": "{case_number}", "thing2": "{case_state}", "time3": "{time}"},
        },
    ),
}
OWN_TITLE = "暖居电器"
TITLES = {"answer_waiting": "客服回复提醒", "case_changed": "服务进度通知"}
LABELS = {"company": "商家", "time": "时间", "case_number": "编号", "case_kind": "类型", "case_state": "进度"}
NOT_KEPT = ("secret", "token", "aes_key", "previous_aes_key", "api_url", "open_url", "mp_url")
"""Secrets, and the addresses of the real WeChat."""


def lab_accounts(raw: object, api_url: str) -> list[WechatAccount]:
    """The accounts that the lab's servers have: as in the settings, but for the secrets, all new, and the address.

    Without any in the settings there is one of the lab's own. What is left out of ``raw`` is thrown away unread, so
    secrets of a real account cannot get anywhere; they need not even be there. Raises :class:`SettingsFault`.
    """
    listed = raw if isinstance(raw, list) and raw else [OWN]
    accounts, faults = [], []
    for place, one in enumerate(listed):
        kept = {name: value for name, value in one.items() if name not in NOT_KEPT} if isinstance(one, Mapping) else one
        try:
            fresh = {**kept, **_fresh_secrets(), "api_url": api_url} if isinstance(kept, Mapping) else kept
            accounts.append(WechatAccount.model_validate(fresh))
        except ValidationError as refused:
            faults += [f"wechat.{place}.{_place(fault)}: {fault['msg']}" for fault in refused.errors()]
    if faults:
        raise SettingsFault(faults)
    return accounts


def as_settings(accounts: Sequence[WechatAccount]) -> list[dict[str, Any]]:
    """The accounts as the setting ``wechat``, secrets and all."""
    return [_opened(account) for account in accounts]


def emulated(account: WechatAccount, push_url: str) -> dict[str, Any]:
    """The account as the emulator's settings have it."""
    opened = _opened(account)
    return {
        "name": account.name,
        "title": OWN_TITLE if account.name == OWN["name"] else account.name,
        "original_id": "gh_" + hashlib.sha256(account.appid.encode()).hexdigest()[:12],
        "push_url": push_url,
        "kf_accounts": [account.desk_agent or f"kf1@{account.name}"],
        "templates": [_template(notice) for notice in account.notices],
        **{name: opened.get(name) for name in ("appid", "secret", "token", "aes_key", "mode", "kind", "open_platform")},
    }


def _template(notice: WechatNotice) -> dict[str, Any]:
    return {
        "id": notice.template_id,
        "title": TITLES[notice.name],
        "content": "\n".join(f"{_label(text)}{{{{{field}.DATA}}}}" for field, text in notice.fields.items()),
        "kind": notice.kind,
        "long_term": notice.long_term,
    }


def _label(text: str) -> str:
    """What stands before a field in the library of templates, by what it is filled with."""
    told = placeholders(text)
    return f"{LABELS[told[0]]}：" if told and told[0] in LABELS else ""


def _fresh_secrets() -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return {"secret": secrets.token_hex(16), "token": secrets.token_hex(12), "aes_key": key}


def _opened(account: WechatAccount) -> dict[str, Any]:
    document = account.model_dump(mode="json", exclude_none=True)
    for name in ("secret", "token", "aes_key"):
        if (value := getattr(account, name)) is not None:
            document[name] = value.get_secret_value()
    return document


def _place(fault: Any) -> str:
    return ".".join(map(str, fault["loc"])) or "account"
