"""The staff API under ``/api``: what the console's pages read and change."""

from bot.web.console.mount import setup_console

__all__ = ["setup_console"]
