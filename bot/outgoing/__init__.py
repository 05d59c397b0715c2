"""Mail and text messages on their way out: written down in the caller's transaction, delivered by a job.

What was begun and not answered is ``unknown`` and is never sent again by itself: two codes or two alerts confuse more
than none. Without a provider nothing is sent; a developer's page shows what would be.
"""

from bot.outgoing.codes import Codes, Confirmed, Requested
from bot.outgoing.faults import CodeFault, describe_fault
from bot.outgoing.gateway import Message, Outgoing

__all__ = ["CodeFault", "Codes", "Confirmed", "Message", "Outgoing", "Requested", "describe_fault"]
