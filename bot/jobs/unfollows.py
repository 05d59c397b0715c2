"""Deletions that an unfollow began are carried out by themselves where nothing speaks against it; see ADR 0021.

Staff decides about everybody else: who is known by another account too, has a case open or waits for something else.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

import structlog
import yaml
from procrastinate import Blueprint, JobContext
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.customers import open_crm
from bot.jobs.parts import open_engine, parts_of
from bot.settings import Settings
from bot.storage.keyring import open_keys
from crm_adapter.encryption import Keys
from crm_adapter.port import CrmFault
from crm_adapter.records.customers import Contact
from crm_adapter.records.rights import OPEN_STATES, PrivacyRequest
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

unfollow_jobs = Blueprint()

BY = "system:unfollowed"
_AT_ONCE = 50


@unfollow_jobs.periodic(cron="17 3 * * *")
@unfollow_jobs.task(name="carry_out", queueing_lock="carry_out_unfollows", pass_context=True)
async def carry_out_nightly(context: JobContext, timestamp: int) -> None:
    """Safe to run twice and on several nodes: a request is taken up once."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        erased, ended = await carry_out(settings, engine, open_keys(settings), datetime.now(UTC))
    if erased or ended:
        log.info("unfollows.carried_out", erased=erased, ended=ended)


async def carry_out(settings: Settings, engine: AsyncEngine, keys: Keys, now: datetime) -> tuple[int, int]:
    """How many people were erased, and how many requests ended because their people follow again.

    One that cannot be settled waits for staff and keeps no other from being settled.
    """
    days = settings.crm.unfollowed_days
    if days == "staff":
        return 0, 0
    crm, before = open_crm(settings, engine, keys), now - timedelta(days=days)
    erased = ended = left = 0
    while page := await crm.privacy_requests(("received",), kinds=("delete",), skip=left, limit=_AT_ONCE):
        for request in page:
            settled = None
            if request.opened_by == BY and request.opened_at <= before:
                settled = await _settle(crm, request, now)
            erased += settled == "answered"
            ended += settled == "refused"
            left += settled is None
    return erased, ended


async def _settle(crm: SqlStore, request: PrivacyRequest, now: datetime) -> str | None:
    try:
        contact = await crm.contact(request.contact_id)
        if not any(one.channel == "wechat" and not one.reachable for one in contact.identities):
            words = _texts()["follows_again"][contact.locale]
            return (await crm.refuse_privacy_request(request.id, words, BY, now)).state
        if await _is_for_staff(crm, contact, request):
            return None
        await crm.start_privacy_request(request.id, BY, now, expected_version=request.version)
        return (await crm.answer_privacy_request(request.id, _texts()["erased"][contact.locale], BY, now)).state
    except CrmFault as fault:  # somebody was faster, or the person is in use
        log.info("unfollows.not_settled", request=str(request.id), reason=type(fault).__name__)
        return None


async def _is_for_staff(crm: SqlStore, contact: Contact, request: PrivacyRequest) -> bool:
    if any(one.reachable for one in contact.identities):
        return True
    if any(one.closed_at is None for one in await crm.cases(contact.id)):
        return True
    theirs = await crm.privacy_requests_of(contact.id)
    return any(one.id != request.id and one.state in OPEN_STATES for one in theirs)


@cache
def _texts() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(
        (files("bot.jobs") / "unfollows.yml").read_text(encoding="utf-8")
    )
    return loaded
