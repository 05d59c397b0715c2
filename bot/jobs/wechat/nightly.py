"""Every night WeChat is told which of its followers have which tags now."""

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import WechatFault, open_client
from bot.customers import open_crm
from bot.jobs.parts import open_engine, parts_of
from bot.jobs.wechat.tags import Tagging
from bot.settings import Settings, WechatAccount
from bot.storage.keyring import open_keys
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sharing.transfers import TransferRefused

log = structlog.get_logger(__name__)

wechat_jobs = Blueprint()


@wechat_jobs.periodic(cron="37 19 * * *")  # 03:37 in China, after the rules' own tags were given
@wechat_jobs.task(name="push_tags", queueing_lock="push_wechat_tags", pass_context=True)
async def push_tags(context: JobContext, timestamp: int) -> None:
    """Safe to run twice; what hinders one account is logged and keeps no other from its tags."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        await push_all(settings, engine)


async def push_all(settings: Settings, engine: AsyncEngine) -> None:
    """Every account that has tags in the settings."""
    for account in settings.wechat:
        if account.tags:
            try:
                await _push(settings, engine, account)
            except WechatFault as fault:
                log.error("wechat_tags.failed", account=account.name, fault=str(fault))
            except TransferRefused as refused:
                log.error("wechat_tags.refused", account=account.name, code=refused.code)


async def _push(settings: Settings, engine: AsyncEngine, account: WechatAccount) -> None:
    keys = open_keys(settings)
    crm = open_crm(settings, engine, keys)
    async with open_client(account, engine, keys) as client:
        tagging = Tagging(account, client, crm, SqlSharing(engine, keys, crm))
        async for change in tagging.changes():
            if not change.nothing:
                await tagging.carry_out(change)
