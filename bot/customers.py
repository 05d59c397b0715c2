"""The customer store as this program opens it, with the company's own numbers and names."""

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.faults import StartFault
from bot.settings import Settings
from crm_adapter.consent.purposes import PurposesFault
from crm_adapter.consent.sql_consents import notices_of
from crm_adapter.encryption import Keys
from crm_adapter.imports import Limits
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from crm_adapter.value.rules_file import RulesFault, rules_in_force


def policy_of(settings: Settings) -> Policy:
    """The section ``[crm]`` as the store takes it."""
    crm = settings.crm
    return Policy(
        controller=crm.controller,
        jurisdiction=crm.jurisdiction,
        policy_url=f"{settings.base_url}/privacy",
        child_below_years=crm.child_below_years,
        answer_h=settings.service.answer_within_h,
        first_opinion_h=crm.first_opinion_h,
        final_result_days=dict(crm.final_result_days),
        purposes_file=crm.purposes_file,
        rules_file=crm.rules_file,
        rights_days=crm.rights_days,
        holidays_file=crm.holidays_file,
        erasures_file=settings.var_dir / "erasures.jsonl",
        unlinked_s=crm.unlinked_s,
    )


def open_crm(settings: Settings, engine: AsyncEngine, keys: Keys) -> SqlStore:
    """The store over this engine; it holds nothing open of its own. Raises :class:`StartFault` for faulty rules
    and faulty purposes.
    """
    try:
        rules_in_force(settings.crm.rules_file)
    except RulesFault as fault:
        raise StartFault(str(fault)) from None
    policy = policy_of(settings)
    try:
        notices_of(policy)
    except PurposesFault as fault:
        raise StartFault(str(fault)) from None
    return SqlStore(engine, keys, policy)


def limits_of(settings: Settings) -> Limits:
    """The section ``[crm.imports]`` as the reader of files takes it."""
    own = settings.crm.imports
    return Limits(own.file_bytes, own.unpacked_bytes, own.rows, own.columns)
