"""Whether what notices promise about time is what is done (PR5, PIPL 17, 19)."""

from bot.checkup.part import Part
from bot.privacy.promises import broken_promises
from bot.settings import Settings
from crm_adapter.consent.purposes import PurposesFault, read_purposes


def check_notices(settings: Settings) -> Part:
    """Names the first promise that the settings break, and counts them all."""
    try:
        document = read_purposes(settings.crm.purposes_file)
    except PurposesFault as fault:
        where: dict[str, object] = {"file": settings.crm.purposes_file, "reason": fault.faults[0]}
        return Part("notices", "failed", "notices_unreadable", where)
    broken = broken_promises(document, settings.retention)
    if not broken:
        return Part("notices", "ok", "notices_kept")
    first = broken[0]
    values: dict[str, object] = {
        "count": len(broken),
        "purpose": first.purpose,
        "promised": first.promised,
        "category": first.category,
        "kept": first.kept,
    }
    return Part("notices", "warning", "notices_broken", values)
