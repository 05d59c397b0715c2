"""Our side of a push without HTTP and without a store: opened, read, made a message of, answered."""

from datetime import UTC, datetime
from urllib.parse import quote_from_bytes

from multidict import MultiDict
from yarl import URL

from benchmarks.wechat_fuzz.kinds import ACCOUNTS
from benchmarks.wechat_fuzz.sealing import Account, Case
from bot.channels.base import BadInbound
from bot.channels.wechat.inbound import files_of, to_inbound
from bot.channels.wechat.outgoing import Words
from bot.channels.wechat.parse import parse
from bot.channels.wechat.passive import passive
from bot.channels.wechat.refused import Refused
from bot.channels.wechat.webhook import Webhook


def query_string(case: Case) -> str:
    """As it stands in the request."""
    return "&".join(
        f"{quote_from_bytes(name.encode(), safe='')}={quote_from_bytes(value)}" for name, value in case.query
    )


def webhook_of(account: Account) -> Webhook:
    """The account's, as the server has it."""
    keys = () if account.mode == "plain" else (account.aes_key,)
    return Webhook(token=account.token, app_id=account.appid, encoding_aes_keys=keys, mode=account.mode)


WEBHOOKS = {account.name: webhook_of(account) for account in ACCOUNTS}


def status_of(case: Case) -> int:
    """The status that the case deserves; whatever else is raised is a fault of ours."""
    now, webhook = datetime.now(UTC), WEBHOOKS[case.account]
    asked = MultiDict(URL(f"http://x/?{query_string(case)}", encoded=True).query)
    try:
        if case.method == "GET":
            webhook.echo(asked, now)
            return 200
        opened = webhook.open(asked, case.body, now)
        push = parse(opened.tree, opened.text)
        files_of(push)
        to_inbound(push, account=case.account, locale="zh-Hans", received_at=now, trace_id="0")
        webhook.seal(passive(Words("好"), push, push.at), opened, now).encode()
    except Refused:
        return 403
    except BadInbound:
        return 400
    return 200
