"""The ledger's own work: signed checkpoints every hour, the proof of all chains every night, its figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.jobs.housekeeping import parts_of
from bot.metrics import UNLINKED, UNLINKED_SECONDS
from bot.storage.database import make_engine
from bot.storage.keyring import open_keys
from crm_adapter.encryption import Keys
from crm_adapter.ledger.checkpoints import make_checkpoints
from crm_adapter.ledger.proof import keep_proofs, prove_chains
from crm_adapter.ledger.sequencer import Backlog, link_all

log = structlog.get_logger(__name__)

ledger_jobs = Blueprint()
"""To be added under the namespace ``ledger``."""


def show_backlog(backlog: Backlog) -> None:
    """Puts what waits to be linked into the metrics."""
    UNLINKED.set(backlog.count)
    UNLINKED_SECONDS.set(backlog.oldest_s)


@ledger_jobs.periodic(cron="7 * * * *")
@ledger_jobs.task(name="sign_checkpoints", queueing_lock="sign_checkpoints", pass_context=True)
async def sign_checkpoints(context: JobContext, timestamp: int) -> None:
    """Signs the end of every chain that has grown."""
    async with _opened(context) as (engine, keys):
        await link_all(engine, keys)
        async with engine.begin() as connection:
            made = await make_checkpoints(connection, keys)
    log.info("ledger.checkpoints", count=len(made))


@ledger_jobs.periodic(cron="37 3 * * *")
@ledger_jobs.task(name="prove_chains", queueing_lock="prove_chains", pass_context=True)
async def prove_all_chains(context: JobContext, timestamp: int) -> None:
    """Proves every chain and notes the result; a fault shows on the status page until a proof succeeds."""
    async with _opened(context) as (engine, keys):
        proofs = await prove_chains(engine, keys.signing_key.public_key())
        await keep_proofs(engine, proofs)
    for proof in proofs:
        if proof.fault is not None:
            log.error("ledger.broken", fault=proof.fault.code, position=proof.fault.position)


@asynccontextmanager
async def _opened(context: JobContext) -> AsyncIterator[tuple[AsyncEngine, Keys]]:
    settings, pool = parts_of(context)
    engine = make_engine(cast(str, pool.conninfo), settings)  # ours are made from text, never from a function
    try:
        yield engine, open_keys(settings)
    finally:
        await engine.dispose()
