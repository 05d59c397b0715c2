"""``yingda wechat notices``: the templates an account has, beside the notices in the settings."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

from bot.channels.wechat.api import WechatClient, WechatFault, open_client
from bot.channels.wechat.api.templates import Template, misfits, too_many
from bot.commands.wechat_accounts import begin, locale_of, tell
from bot.settings import Locale, WechatAccount
from bot.settings.wechat_notices import TEMPLATES_AT_MOST

_NONE = {
    "zh-Hans": "公众号 {} 没有设置通知（[[wechat.notices]]），也没有模板",
    "zh-Hant": "公眾號 {} 沒有設定通知（[[wechat.notices]]），也沒有範本",
    "en": "{} has no notices ([[wechat.notices]]) and no templates",
}
_UNUSED = {"zh-Hans": "未使用", "zh-Hant": "未使用", "en": "not used"}
_COUNT = {
    "zh-Hans": "模板消息：{} / {} 个模板",
    "zh-Hant": "範本訊息：{} / {} 個範本",
    "en": "template messages: {} of {} templates",
}


async def list_notices(args: argparse.Namespace) -> int:
    """A line per notice and per template that none uses; 1 when WeChat would refuse a notice, or tells nothing."""
    locale = locale_of(args)
    _, account = begin(args)
    async with open_client(account) as client:
        try:
            templates = await templates_of(client, account)
        except WechatFault as fault:
            tell(fault, account, locale)
            return 1
    if not templates and not account.notices:
        print(_NONE[locale].format(account.name))
        return 0
    used = {notice.template_id for notice in account.notices}
    titles = {template.template_id: template.title for template in templates}
    for notice in account.notices:
        mark, title = "✗" if misfits(notice, templates) else "✓", titles.get(notice.template_id, "")
        print(f"{mark} {notice.name}  {notice.kind}  {notice.template_id}  {title}".rstrip())
    for template in templates:
        if template.template_id not in used:
            fields = ", ".join(template.fields)
            print(f"· {_UNUSED[locale]}  {template.kind}  {template.template_id}  {template.title}  {fields}".rstrip())
    count = sum(template.kind == "template" for template in templates)
    print(_COUNT[locale].format(count, TEMPLATES_AT_MOST))
    return 1 if tell_misfits(account, templates, locale) else 0


async def templates_of(client: WechatClient, account: WechatAccount) -> tuple[Template, ...]:
    """Both kinds; an account without the right to a kind has none of it. Raises :class:`WechatFault`."""
    found: tuple[Template, ...] = ()
    kinds = {notice.kind for notice in account.notices}
    for kind, ask in (("template", client.templates), ("subscription", client.notice_templates)):
        if kind in kinds:
            found += await ask()
            continue
        with suppress(WechatFault):  # nothing of it is used: it may well be refused
            found += await ask()
    return found


def tell_misfits(account: WechatAccount, templates: Sequence[Template], locale: Locale) -> bool:
    """Says on standard error what WeChat would refuse; whether there was anything."""
    lines = [
        f"{notice.name}: {misfit.line_in(locale)}"
        for notice in account.notices
        for misfit in misfits(notice, templates)
    ]
    if (excess := too_many(templates)) is not None:
        lines.append(excess.line_in(locale))
    for line in lines:
        print(f"✗ {account.name}  {line}", file=sys.stderr)
    return bool(lines)
