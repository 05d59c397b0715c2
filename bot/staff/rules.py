"""The numbers staff sign-in obeys; every one is a setting, these are the defaults."""

from dataclasses import dataclass
from datetime import timedelta

from bot.settings import Staff as StaffSettings


@dataclass(frozen=True, slots=True)
class StaffRules:
    first_link: timedelta = timedelta(days=7)
    """How long the link to a first sign-in is good for."""
    reset_link: timedelta = timedelta(days=1)
    """The same for an account that has a password: it may fall into other hands, so it is short."""
    session_idle: timedelta = timedelta(hours=12)
    session_whole: timedelta = timedelta(days=7)
    failures_per_name: int = 5
    failures_per_address: int = 20
    failure_window: timedelta = timedelta(minutes=15)


DEFAULT_RULES = StaffRules()


def rules_of(settings: StaffSettings) -> StaffRules:
    """The rules as the company set them."""
    return StaffRules(
        first_link=timedelta(days=settings.link_days),
        session_idle=timedelta(hours=settings.session_idle_h),
        session_whole=timedelta(days=settings.session_days),
    )
