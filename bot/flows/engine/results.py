"""Results of actions outside the turn, as they travel in the body of an event ``action_result``."""

from typing import Any

from bot.domain.decision import ActionResult, Said
from bot.domain.message import Body
from bot.flows.engine.state import plain


def result_body(token: str, result: ActionResult) -> Body:
    """The event's body; :func:`result_in` reads it."""
    return {
        "token": token,
        "slots": plain(dict(result.slots)),
        "said": [
            {
                "response": said.response,
                "values": plain(dict(said.values)),
                "body": plain(said.body),
                "choices": plain(said.choices),
            }
            for said in result.said
        ],
        "follow_up": result.follow_up,
        "failed": result.failed,
    }


def result_in(body: Body) -> tuple[str, ActionResult]:
    """Token and result; a body that is none of ours is a failure without a token."""
    token = body.get("token")
    slots, said = body.get("slots") or {}, body.get("said") or []
    if not isinstance(token, str) or not isinstance(slots, dict) or not isinstance(said, list):
        return "", ActionResult(failed="unreadable_result")
    return token, ActionResult(
        slots=slots,
        said=tuple(_said(one) for one in said if isinstance(one, dict)),
        follow_up=_word(body.get("follow_up")),
        failed=_word(body.get("failed")),
    )


def _said(one: dict[str, Any]) -> Said:
    values, body = one.get("values"), one.get("body")
    return Said(
        _word(one.get("response")),
        values if isinstance(values, dict) else {},
        body if isinstance(body, dict) else None,
        tuple(choice for choice in one.get("choices") or () if isinstance(choice, dict)),
    )


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None
