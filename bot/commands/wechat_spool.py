"""``yingda wechat spool``: pushes on disk that are tried no more, and how they are tried again."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.commands.wechat_accounts import locale_of
from bot.logs import start_logging
from bot.settings import Locale, Settings, read_settings
from bot.spool.aside import UNREADABLE, find_aside, look_into, try_again
from bot.storage.keyring import open_keys
from bot.web.wechat.arrived import account_in
from crm_adapter.encryption import EncryptionFault, Keys
from crm_adapter.rights.working_days import ZONE

_NONE = {
    "zh-Hans": "没有搁置的推送。",
    "zh-Hant": "沒有擱置的推送。",
    "en": "No push was put aside.",
}
_NEXT = {
    "zh-Hans": "修好之后，运行 yingda wechat spool retry，就会再次处理。",
    "zh-Hant": "修好之後，執行 yingda wechat spool retry，就會再次處理。",
    "en": "After the mend, yingda wechat spool retry has them tried again.",
}
_UNTOLD = {
    "zh-Hans": "原因见当时的日志",
    "zh-Hant": "原因見當時的日誌",
    "en": "why, says the log of that time",
}
_NO_SPOOL = {
    "zh-Hans": "无法读取：文件已损坏，或不是暂存的推送",
    "zh-Hant": "無法讀取：檔案已損壞，或不是暫存的推送",
    "en": "cannot be read: it is damaged, or holds no pushes",
}
_NO_KEY = {
    "zh-Hans": "无法读取：密钥环里没有它的密钥",
    "zh-Hant": "無法讀取：金鑰環裡沒有它的金鑰",
    "en": "cannot be read: its key is not in the keyring",
}
_NOT_THERE = {
    "zh-Hans": "不在搁置的文件之中",
    "zh-Hant": "不在擱置的檔案之中",
    "en": "is none of those that were put aside",
}
_AGAIN = {
    "zh-Hans": "将再次处理的推送：{}。yingda serve 在运行就马上开始，否则等它启动。",
    "zh-Hant": "將再次處理的推送：{}。yingda serve 在執行就馬上開始，否則等它啟動。",
    "en": "Pushes that are tried again: {}; at once where yingda serve runs, else when it starts.",
}


def list_spool(args: argparse.Namespace) -> int:
    """One line each: when it came, account, bytes, file; what broke below it. Nothing of what customers wrote. 0."""
    locale, (keys, found) = locale_of(args), _found(read_settings())
    for path in found:
        try:
            kept = look_into(path, keys)
        except UNREADABLE as fault:
            written = path.stat()
            _show(datetime.fromtimestamp(written.st_mtime, UTC), None, written.st_size, path, _told(fault, locale))
            continue
        for one in kept:
            content = one.content or b""
            _show(one.at, account_in(content), len(content), path, one.why or _UNTOLD[locale])
    print((_NEXT if found else _NONE)[locale])
    return 0


def retry_spool(args: argparse.Namespace) -> int:
    """Has all of them, or the named files, tried again. 1 where one cannot be."""
    locale, (keys, found) = locale_of(args), _found(read_settings())
    by_name = {path.name: path for path in found}
    number, missed = 0, False
    for name in args.file or by_name:
        try:
            number += try_again(by_name[name], keys)
        except KeyError:
            missed = True
            print(f"✗ {name}  {_NOT_THERE[locale]}", file=sys.stderr)
        except UNREADABLE as fault:
            missed = True
            print(f"✗ {name}  {_told(fault, locale)}", file=sys.stderr)
    print(_AGAIN[locale].format(number) if found else _NONE[locale])
    return 1 if missed else 0


def _found(settings: Settings) -> tuple[Keys, list[Path]]:
    start_logging(settings, quiet=True)
    keys = open_keys(settings)
    return keys, find_aside(settings.var_dir / "spool", keys)


def _show(at: datetime, account: str | None, size: int, path: Path, why: str) -> None:
    print(f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}  {account or '—'}  {size} B  {path.name}")
    print("\n".join(f"    {line}" for line in why.splitlines()))


def _told(fault: Exception, locale: Locale) -> str:
    if isinstance(fault, OSError):
        return fault.strerror or type(fault).__name__
    return (_NO_KEY if isinstance(fault, EncryptionFault) else _NO_SPOOL)[locale]
