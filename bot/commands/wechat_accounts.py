"""Which official accounts a command is about, and what went wrong with one."""

import argparse
import sys
from typing import NoReturn

from bot.channels.wechat.api import WechatFault
from bot.commands.speech import spoken_locale
from bot.logs import start_logging
from bot.settings import Locale, Settings, SettingsFault, WechatAccount, read_settings

_NO_ACCOUNT = {
    "zh-Hans": "设置中没有公众号（[[wechat]]）",
    "zh-Hant": "設定中沒有公眾號（[[wechat]]）",
    "en": "there is no [[wechat]] in the settings",
}
_UNKNOWN = {
    "zh-Hans": "没有公众号“{}”，只有：{}",
    "zh-Hant": "沒有公眾號「{}」，只有：{}",
    "en": "there is no account {}: {}",
}
_SEVERAL = {
    "zh-Hans": "有多个公众号，请用 --account 指定：{}",
    "zh-Hant": "有多個公眾號，請用 --account 指定：{}",
    "en": "there are several accounts, name one with --account: {}",
}


def locale_of(args: argparse.Namespace) -> Locale:
    """The language of the command's texts."""
    chosen: Locale = args.locale or spoken_locale()
    return chosen


def named_accounts(args: argparse.Namespace, settings: Settings) -> list[WechatAccount]:
    """The one that ``--account`` names, or all. Raises :class:`SettingsFault` where there is none."""
    locale = locale_of(args)
    names = ", ".join(account.name for account in settings.wechat)
    if not settings.wechat:
        _refuse(_NO_ACCOUNT[locale])
    found = [account for account in settings.wechat if args.account in (None, account.name)]
    if not found:
        _refuse(_UNKNOWN[locale].format(args.account, names))
    return found


def named_account(args: argparse.Namespace, settings: Settings) -> WechatAccount:
    """The one that ``--account`` names, or the only one. Raises :class:`SettingsFault`."""
    found = named_accounts(args, settings)
    if len(found) > 1:
        _refuse(_SEVERAL[locale_of(args)].format(", ".join(account.name for account in found)))
    return found[0]


def begin(args: argparse.Namespace) -> tuple[Settings, WechatAccount]:
    """The settings and :func:`named_account`; from now on the log is quiet. Raises :class:`SettingsFault`."""
    settings = read_settings()
    start_logging(settings, quiet=True)
    return settings, named_account(args, settings)


def tell(fault: WechatFault, account: WechatAccount, locale: Locale) -> None:
    """Says on standard error what went wrong, with WeChat's code and words and the id of the request."""
    print(f"✗ {account.name}  {told(fault, locale)}", file=sys.stderr)


def told(fault: WechatFault, locale: Locale) -> str:
    """What went wrong, in one line."""
    code = None if fault.errcode is None else f"errcode {fault.errcode}"
    rid = None if fault.rid is None else f"rid {fault.rid}"
    details = ", ".join(filter(None, (code, fault.errmsg, rid)))
    return fault.explain(locale) + (f" ({details})" if details else "")


def _refuse(line: str) -> NoReturn:
    raise SettingsFault([line])
