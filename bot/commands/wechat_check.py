"""``yingda wechat check``: one call that every account may make, and whether its notices fit its templates."""

import argparse

from bot.channels.wechat.api import WechatFault, open_client
from bot.commands.wechat_accounts import locale_of, named_accounts, tell
from bot.commands.wechat_notices import tell_misfits, templates_of
from bot.logs import start_logging
from bot.settings import read_settings

_WELL = {
    "zh-Hans": "AppID 和 AppSecret 正确，访问令牌可用",
    "zh-Hant": "AppID 和 AppSecret 正確，存取權杖可用",
    "en": "app id and secret are right, the token is taken",
}


async def check_accounts(args: argparse.Namespace) -> int:
    """A line per account; 0 when WeChat takes all of them, 1 otherwise. Needs no database."""
    settings, locale = read_settings(), locale_of(args)
    start_logging(settings, quiet=True)
    failed = False
    for account in named_accounts(args, settings):
        # Without the store: stable_token gives everybody the same token, so nobody is disturbed.
        async with open_client(account) as client:
            try:
                await client.check()
                templates = await templates_of(client, account) if account.notices else ()
            except WechatFault as fault:
                failed = True
                tell(fault, account, locale)
            else:
                print(f"✓ {account.name}  {_WELL[locale]}")
                failed = (bool(account.notices) and tell_misfits(account, templates, locale)) or failed
    return 1 if failed else 0
