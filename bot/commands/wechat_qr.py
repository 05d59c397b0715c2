"""``yingda wechat qr``: a QR code that says where a customer came from."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.wechat.api import WechatFault, open_client
from bot.channels.wechat.api.answers import Media, QrCode
from bot.commands.wechat_accounts import begin, locale_of, tell
from bot.settings import Locale

MOST_DAYS = 30
LONGEST_SCENE = 64
_ENDINGS = {"image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",), "image/svg+xml": (".svg",)}
_SCENE = {
    "zh-Hans": "场景值须有 1 到 64 个字符，且不含控制字符",
    "zh-Hant": "場景值須有 1 到 64 個字元，且不含控制字元",
    "en": "a scene has 1 to 64 characters that can be printed",
}
_DAYS = {
    "zh-Hans": "临时二维码的有效期为 1 到 30 天",
    "zh-Hant": "臨時二維碼的有效期為 1 到 30 天",
    "en": "a temporary code lasts 1 to 30 days",
}
_LASTING = {"zh-Hans": "永久有效", "zh-Hant": "永久有效", "en": "permanent"}
_UNTIL = {"zh-Hans": "有效期至 {}", "zh-Hant": "有效期至 {}", "en": "until {}"}
_ENDING = {
    "zh-Hans": "微信给出的图片是 {}：文件名请以 {} 结尾",
    "zh-Hant": "微信給出的圖片是 {}：檔名請以 {} 結尾",
    "en": "WeChat's picture is {}: the file's name has to end in {}",
}
_NOT_WRITTEN = {"zh-Hans": "无法写入 {}：{}", "zh-Hant": "無法寫入 {}：{}", "en": "{} cannot be written: {}"}


async def make_qr_code(args: argparse.Namespace) -> int:
    """Prints the code's link, its scene and when it ends, a line each; with ``-o`` its picture becomes a file.

    1 when WeChat does not make it, or its picture cannot be had or written; the printed code is good all the same.
    2 for a scene or a time that WeChat does not know (nothing is made then).
    """
    locale = locale_of(args)
    if hindrance := _hindrance(args, locale):
        print(hindrance, file=sys.stderr)
        return 2
    _, account = begin(args)
    seconds = None if args.permanent else int(timedelta(days=args.days).total_seconds())
    try:
        async with open_client(account) as client:
            code = await client.create_qr_code(args.scene, seconds)
            print(code.url, args.scene, _end(code, locale), sep="\n")
            if args.output is None:
                return 0
            picture = await client.qr_picture(code.ticket)
    except WechatFault as fault:
        tell(fault, account, locale)
        return 1
    return _write(args.output, picture, locale)


def _hindrance(args: argparse.Namespace, locale: Locale) -> str | None:
    if not 0 < len(args.scene) <= LONGEST_SCENE or not args.scene.isprintable():
        return _SCENE[locale]
    return None if 1 <= args.days <= MOST_DAYS else _DAYS[locale]


def _end(code: QrCode, locale: Locale) -> str:
    if code.expire_seconds is None:
        return _LASTING[locale]
    until = datetime.now(UTC) + timedelta(seconds=code.expire_seconds)
    return _UNTIL[locale].format(f"{until.astimezone():%Y-%m-%d %H:%M}")


def _write(path: Path, picture: Media, locale: Locale) -> int:
    endings = _ENDINGS.get(picture.media_type, ())
    if path.suffix.lower() not in endings:
        print(_ENDING[locale].format(picture.media_type, " / ".join(endings)), file=sys.stderr)
        return 1
    try:
        path.write_bytes(picture.content)
    except OSError as error:
        print(_NOT_WRITTEN[locale].format(path, error.strerror), file=sys.stderr)
        return 1
    return 0
