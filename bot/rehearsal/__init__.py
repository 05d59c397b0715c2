"""The fire drill: real servers, real PostgreSQL and real visitors, while things are broken on purpose.

``yingda doctor --deep`` replays a short form on data of its own; the tests call the same code with larger numbers.
"""

from bot.rehearsal.drill import Rehearsed, rehearse

__all__ = ["Rehearsed", "rehearse"]
