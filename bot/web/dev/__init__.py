"""Pages for who develops or tries out, on this machine only."""

from bot.web.dev.page import PATH, ROUTES, can_show

__all__ = ["PATH", "ROUTES", "can_show"]
