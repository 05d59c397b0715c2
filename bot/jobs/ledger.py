"""The ledger's own work: signed checkpoints every hour, the proof of all chains every night, its figures."""

import structlog
from procrastinate import Blueprint, JobContext

from bot.jobs.parts import open_engine, parts_of
from bot.metrics import UNLINKED, UNLINKED_SECONDS
from bot.storage.keyring import open_keys
from crm_adapter.ledger.checkpoints import make_checkpoints
from crm_adapter.ledger.proof import keep_proofs, prove_chains
from crm_adapter.ledger.sequencer import Backlog, link_all

log = structlog.get_logger(__name__)

ledger_jobs = Blueprint()


def show_backlog(backlog: Backlog) -> None:
    """Puts what waits to be linked into the metrics."""
    UNLINKED.set(backlog.count)
    UNLINKED_SECONDS.set(backlog.oldest_s)


@ledger_jobs.periodic(cron="7 * * * *")
@ledger_jobs.task(name="sign_checkpoints", queueing_lock="sign_checkpoints", pass_context=True)
async def sign_checkpoints(context: JobContext, timestamp: int) -> None:
    """Signs the end of every chain that has grown."""
    keys = open_keys(parts_of(context)[0])
    async with open_engine(context) as engine:
        await link_all(engine, keys)
        async with engine.begin() as connection:
            made = await make_checkpoints(connection, keys)
    log.info("ledger.checkpoints", count=len(made))


@ledger_jobs.periodic(cron="37 3 * * *")
@ledger_jobs.task(name="prove_chains", queueing_lock="prove_chains", pass_context=True)
async def prove_all_chains(context: JobContext, timestamp: int) -> None:
    """Proves every chain and notes the result; a fault shows on the status page until a proof succeeds."""
    keys = open_keys(parts_of(context)[0])
    async with open_engine(context) as engine:
        proofs = await prove_chains(engine, keys.signing_key.public_key())
        await keep_proofs(engine, proofs)
    for proof in proofs:
        if proof.fault is not None:
            log.error("ledger.broken", fault=proof.fault.code, position=proof.fault.position)
