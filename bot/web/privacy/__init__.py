"""The privacy policy as a page and as JSON, made from the notices in force (PR1, PR11, PR13)."""

from bot.web.privacy.routes import ROUTES

__all__ = ["ROUTES"]
