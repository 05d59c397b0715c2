"""``yingda wechat menu``: from a file to WeChat, from WeChat to a file, and what differs."""

import argparse
import difflib
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.channels.wechat.api import WechatFault, open_client
from bot.channels.wechat.api.menus import (
    DEMO,
    Button,
    MenuFault,
    MenuFaults,
    from_wechat,
    read_menu,
    to_wechat,
    to_yaml,
    without_meaning,
)
from bot.commands.speech import say
from bot.commands.wechat_accounts import begin, locale_of, tell
from bot.flows.catalogue import OURS
from bot.flows.commands import StartFlow
from bot.flows.model import Definitions
from bot.flows.reading import read_definitions
from bot.flows.understanding.choices import command_of
from bot.flows.understanding.heard import Heard
from bot.settings import Settings, WechatAccount

_WARNING = {"zh-Hans": "提醒", "zh-Hant": "提醒", "en": "warning"}
_FAULTS = {
    "zh-Hans": "{} 处错误，什么也没有发送",
    "zh-Hant": "{} 處錯誤，什麼也沒有發送",
    "en": "{} faults; nothing was sent",
}
_DEMO = {
    "zh-Hans": "公众号 {} 没有 menu_file：使用演示公司的菜单",
    "zh-Hant": "公眾號 {} 沒有 menu_file：使用示範公司的選單",
    "en": "{} has no menu_file: this is the demo company's menu",
}
_PUSHED = {
    "zh-Hans": "公众号 {} 的菜单已更新（{} 个按钮）；关注者几分钟内会看到",
    "zh-Hant": "公眾號 {} 的選單已更新（{} 個按鈕）；追蹤者幾分鐘內會看到",
    "en": "the menu of {} was replaced ({} buttons); followers see it within minutes",
}
_SAME = {"zh-Hans": "没有差别", "zh-Hant": "沒有差別", "en": "there is no difference"}
_NONE = {"zh-Hans": "公众号 {} 没有菜单", "zh-Hant": "公眾號 {} 沒有選單", "en": "{} has no menu"}


async def push_menu(args: argparse.Namespace) -> int:
    """0 when the account has the file's menu; 1 when the file or WeChat did not allow it."""
    settings, account = begin(args)
    buttons = _read(args, settings, account)
    if buttons is None:
        return 1
    try:
        async with open_client(account) as client:
            await client.create_menu(to_wechat(buttons))
    except WechatFault as fault:
        tell(fault, account, locale_of(args))
        return 1
    print(_PUSHED[locale_of(args)].format(account.name, len(buttons)))
    return 0


async def pull_menu(args: argparse.Namespace) -> int:
    """Prints the account's menu as a file that ``push`` takes; 1 when there is none or WeChat does not tell it."""
    _, account = begin(args)
    buttons = await _present(args, account)
    if buttons is None:
        return 1
    if not buttons:
        print(_NONE[locale_of(args)].format(account.name), file=sys.stderr)
        return 1
    print(to_yaml(buttons), end="")
    return 0


async def diff_menu(args: argparse.Namespace) -> int:
    """0 when the account has the file's menu; 1 when not (``-``: WeChat's, ``+``: the file's) or nothing is known."""
    settings, account = begin(args)
    wanted = _read(args, settings, account)
    present = None if wanted is None else await _present(args, account)
    if wanted is None or present is None:
        return 1
    if present == wanted:
        print(_SAME[locale_of(args)])
        return 0
    before, after = (to_yaml(one).splitlines() if one else [] for one in (present, wanted))
    for line in difflib.unified_diff(before, after, account.name, str(_path(args, account)), lineterm=""):
        print(line)
    return 1


async def _present(args: argparse.Namespace, account: WechatAccount) -> tuple[Button, ...] | None:
    try:
        async with open_client(account) as client:
            return from_wechat(await client.menu())
    except WechatFault as fault:
        tell(fault, account, locale_of(args))
        return None


def _read(args: argparse.Namespace, settings: Settings, account: WechatAccount) -> tuple[Button, ...] | None:
    locale, path = locale_of(args), _path(args, account)
    if path == DEMO:
        say(_DEMO[locale].format(account.name))
    try:
        buttons = read_menu(path)
    except MenuFaults as faults:
        for fault in faults.faults:
            print(fault.line_in(locale), file=sys.stderr)
        print(_FAULTS[locale].format(len(faults.faults)), file=sys.stderr)
        return None
    for warning in _unknown_choices(buttons, path, settings):
        say(f"{_WARNING[locale]}  {warning.line_in(locale)}")
    return buttons


def _path(args: argparse.Namespace, account: WechatAccount) -> Path:
    chosen: Path | None = args.file or account.menu_file
    return chosen or DEMO


def _unknown_choices(buttons: tuple[Button, ...], path: Path, settings: Settings) -> list[MenuFault]:
    own = settings.flows.folder_in_use
    definitions = read_definitions(OURS, *([own] if own else []))
    return without_meaning(buttons, str(path), lambda key: _means_something(key, definitions))


def _means_something(key: str, definitions: Definitions) -> bool:
    commands = command_of(key, Heard("", "zh-Hans", datetime.now(UTC)), definitions)
    started = [command.flow for command in commands if isinstance(command, StartFlow)]
    return bool(commands) and all(flow in definitions.flows for flow in started)
