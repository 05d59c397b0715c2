"""What WeChat's refusal of a customer-service message means for the line that it was part of."""

from collections.abc import Mapping

from bot.channels.wechat.api import WechatFault
from bot.channels.wechat.compose import TEXT_BYTES
from bot.channels.wechat.errors import Decision
from bot.channels.wechat.outgoing import Outgoing, in_words
from bot.channels.wechat.splitting import size_of
from bot.outbox.deliverer import Again, Failed, Sent, Shut, Smaller, Unknown, Unreachable, Verdict, Waiting

LEAST_BYTES = 200
"""A text this short is not too long: cutting it again would not help."""
PAUSES: Mapping[Decision, float] = {"slow_down": 10.0, "wait_for_quota": 1800.0, "fix_settings": 60.0}
"""For how many seconds the whole account sends nothing; a quota may be raised or reset by a person meanwhile."""


def verdict_of(fault: WechatFault, message: Outgoing) -> Verdict:
    """For every decision of :mod:`bot.channels.wechat.errors`; what could be sent in another form was tried so."""
    code = None if fault.errcode is None else str(fault.errcode)
    match fault.decision:
        case "retry" | "refresh_token" | "ignore":
            return Again(fault.reason, code, None, fault.rid)
        case "slow_down" | "wait_for_quota" | "fix_settings":
            return Again(fault.decision, code, PAUSES[fault.decision], fault.rid)
        case "split_smaller":
            size = min(TEXT_BYTES, size_of(in_words(message).text)) // 2
            return Smaller(size, code, fault.rid) if size >= LEAST_BYTES else Failed("too_long", code, fault.rid)
        case "window_closed" | "count_exceeded":
            return Shut(code, fault.rid)
        case "only_passive":
            return Waiting("only_passive", code, fault.rid)
        case "unreachable" | "refused":  # who refuses this message refuses all of them
            return Unreachable(code, fault.rid)
        case "outcome_unknown":
            return Unknown(fault.reason, code, fault.rid)
        case "done":
            return Sent()
    return Failed(fault.decision, code, fault.rid)
