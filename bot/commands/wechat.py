"""``yingda wechat``: whether official accounts can be reached; their menus, QR codes, tags, notices and pushes."""

import argparse
from pathlib import Path

from bot.commands.arguments import later


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``wechat`` with its sub-commands."""
    parser = commands.add_parser("wechat")
    parser.add_argument("--locale", choices=("zh-Hans", "zh-Hant", "en"), help="the language of faults and texts")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    check = actions.add_parser("check", help="say whether WeChat takes app id, secret and token")
    check.add_argument("--account", metavar="NAME", help="one account; else all of them")
    check.set_defaults(run=later("wechat_check:check_accounts"))

    menu = actions.add_parser("menu", help="the menu at the bottom of the chat: push, pull, diff")
    steps = menu.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, does in (
        ("push", "replace the account's menu by the file's"),
        ("pull", "print the account's menu as a file"),
        ("diff", "say what push would change; 1 when it is anything"),
    ):
        step = steps.add_parser(name, help=does)
        step.add_argument("--account", metavar="NAME", help="needed where there are several")
        if name != "pull":
            step.add_argument("--file", type=Path, help="a menu file instead of the one in the settings")
        step.set_defaults(run=later(f"wechat_menu:{name}_menu"))

    code = actions.add_parser("qr", help="a QR code that says where a customer came from; prints its link")
    code.add_argument("account", metavar="ACCOUNT")
    code.add_argument("scene", metavar="SCENE", help="1 to 64 characters; recorded when the code is scanned")
    lasts = code.add_mutually_exclusive_group()
    lasts.add_argument("--days", type=int, default=30, metavar="N", help="for how long it is good, 1 to 30 (default)")
    lasts.add_argument("--permanent", action="store_true", help="for ever; an account has 100,000 of these at most")
    code.add_argument("-o", "--output", type=Path, metavar="FILE", help="the picture; WeChat's is a .jpg")
    code.set_defaults(run=later("wechat_qr:make_qr_code"))

    notices = actions.add_parser("notices", help="what may be told outside the send window: list")
    steps = notices.add_subparsers(dest="step", required=True, metavar="STEP")
    listed = steps.add_parser("list", help="the notices in the settings and the account's templates")
    listed.add_argument("account", nargs="?", metavar="ACCOUNT", help="needed where there are several")
    listed.set_defaults(run=later("wechat_notices:list_notices"))

    unknown = actions.add_parser("unknown", help="what WeChat has pushed that nobody understands, as it came")
    unknown.add_argument("--days", type=int, default=30, metavar="N", help="how far back, 30 without it")
    unknown.set_defaults(run=later("wechat_unknown:list_unknown"))

    spool = actions.add_parser("spool", help="pushes on disk that are tried no more, and why: list, retry")
    steps = spool.add_subparsers(dest="step", required=True, metavar="STEP")
    listed = steps.add_parser("list", help="when each came, its account and size, and what broke")
    listed.set_defaults(run=later("wechat_spool:list_spool"))
    again = steps.add_parser("retry", help="have them tried again, after the mend")
    again.add_argument("file", nargs="*", metavar="FILE", help="as list names them; all of them without it")
    again.set_defaults(run=later("wechat_spool:retry_spool"))

    tags = actions.add_parser("tags", help="customers' tags as WeChat is told of them: push, diff")
    ways = tags.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, does in (
        ("push", "give followers the tags that the settings name, and take those that are over"),
        ("diff", "say what push would change; 1 when it is anything"),
    ):
        way = ways.add_parser(name, help=does)
        way.add_argument("account", metavar="ACCOUNT")
        way.set_defaults(run=later(f"wechat_tags:{name}_tags"))
