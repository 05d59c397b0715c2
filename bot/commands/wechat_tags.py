"""``yingda wechat tags``: what WeChat is told of customers' tags, now instead of tonight."""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.channels.wechat.api import WechatFault, open_client
from bot.channels.wechat.errors import ApiError
from bot.commands.store import open_sealed_store
from bot.commands.wechat_accounts import begin, locale_of, tell
from bot.customers import open_crm
from bot.jobs.wechat.tags import Tagging, Told
from bot.settings import Locale, Settings, WechatAccount
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sharing.transfers import TransferRefused

_NONE = {
    "zh-Hans": "公众号 {} 的设置里没有标签（[wechat.tags]）",
    "zh-Hant": "公眾號 {} 的設定裡沒有標籤（[wechat.tags]）",
    "en": "{} has no tags in the settings ([wechat.tags])",
}
_REFUSED = {
    "zh-Hans": "第三方登记不允许把标签告诉 {}（{}）；请检查登记中的协议、目的和字段“tags”",
    "zh-Hant": "第三方登記不允許把標籤告訴 {}（{}）；請檢查登記中的協議、目的和欄位「tags」",
    "en": "the register of third parties lets {} have no tags ({}); look at its agreement, purpose and the field tags",
}
_NEW = {"zh-Hans": "新建", "zh-Hant": "新建", "en": "new"}
_LEFT_OUT = {"zh-Hans": "{} 人跳过：{}", "zh-Hant": "{} 人略過：{}", "en": "{} left out: {}"}
_REGISTER = {
    "zh-Hans": "不允许告诉微信",
    "zh-Hant": "不允許告訴微信",
    "en": "WeChat may not be told",
}
_SAME = {"zh-Hans": "没有差别", "zh-Hant": "沒有差別", "en": "there is no difference"}


async def push_tags(args: argparse.Namespace) -> int:
    """A line per tag that changed; 0 when WeChat has all that it may have, 1 when anything or anybody was left out."""
    locale, whole, quiet = locale_of(args), True, True
    settings, account = begin(args)
    if not _has_tags(account, locale):
        return 1
    try:
        async with _tagging(args, settings, account) as tagging:
            async for change in tagging.changes():
                if change.nothing:
                    continue
                told, quiet = await tagging.carry_out(change), False
                _tell_done(told, locale)
                whole = whole and not told.left_out
    except (WechatFault, TransferRefused) as fault:
        _tell_fault(fault, account, locale)
        return 1
    if quiet:
        print(_SAME[locale])
    return 0 if whole else 1


async def diff_tags(args: argparse.Namespace) -> int:
    """A line per tag that ``push`` would change (how many would get it and lose it); 1 when there is any."""
    locale, different = locale_of(args), False
    settings, account = begin(args)
    if not _has_tags(account, locale):
        return 1
    try:
        async with _tagging(args, settings, account) as tagging:
            async for change in tagging.changes():
                if not change.nothing:
                    different = True
                    print(_line(change.name, change.tag_id is None, len(change.add), len(change.remove), locale))
    except (WechatFault, TransferRefused) as fault:
        _tell_fault(fault, account, locale)
        return 1
    if not different:
        print(_SAME[locale])
    return int(different)


@asynccontextmanager
async def _tagging(args: argparse.Namespace, settings: Settings, account: WechatAccount) -> AsyncIterator[Tagging]:
    async with open_sealed_store(args) as (engine, keys):
        crm = open_crm(settings, engine, keys)
        async with open_client(account, engine, keys) as client:
            yield Tagging(account, client, crm, SqlSharing(engine, keys, crm))


def _has_tags(account: WechatAccount, locale: Locale) -> bool:
    if not account.tags:
        print(_NONE[locale].format(account.name), file=sys.stderr)
    return bool(account.tags)


def _tell_done(told: Told, locale: Locale) -> None:
    print(_line(told.name, told.made, told.added, told.removed, locale))
    for code, count in told.left_out.items():
        why = _REGISTER[locale] if isinstance(code, str) else f"{ApiError(code).explain(locale)} (errcode {code})"
        print("  " + _LEFT_OUT[locale].format(count, why), file=sys.stderr)


def _tell_fault(fault: WechatFault | TransferRefused, account: WechatAccount, locale: Locale) -> None:
    if isinstance(fault, WechatFault):
        tell(fault, account, locale)
    else:
        print(_REFUSED[locale].format(account.tags_recipient, fault.code), file=sys.stderr)


def _line(name: str, new: bool, added: int, removed: int, locale: Locale) -> str:
    return f"{name}  +{added} -{removed}" + (f"  ({_NEW[locale]})" if new else "")
