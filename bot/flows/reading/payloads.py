"""What tapping a button means: ``/SetSlots(slot=value)``, ``/start(flow, slot=value)``, ``/article(id)`` …"""

import re
from dataclasses import dataclass

PLAIN = frozenset({"person", "bot", "skip", "cancel"})
_CALL = re.compile(r"/(SetSlots|start|article)\((.*)\)", re.DOTALL)
_LINK = re.compile(r"(?:https?://|mailto:|tel:|/|\{)\S+")


@dataclass(frozen=True, slots=True)
class Payload:
    """``does`` is ``SetSlots``, ``start``, ``article``, ``person``, ``bot``, ``skip`` or ``cancel``."""

    does: str
    target: str = ""
    slots: tuple[tuple[str, str], ...] = ()


def parse_payload(source: str) -> Payload | None:
    """The meaning of a payload; ``None`` when it has none."""
    if source.startswith("/") and source[1:] in PLAIN:
        return Payload(source[1:])
    match = _CALL.fullmatch(source)
    if match is None:
        return None
    does, inside = match[1], match[2].strip()
    target = ""
    if does != "SetSlots":
        target, _, inside = inside.partition(",") if does == "start" else (inside, "", "")
        if not target or not inside:
            return Payload(does, target.strip()) if target else None
    slots = []
    for pair in inside.split(","):
        name, sign, value = pair.partition("=")
        if not sign or not name.strip() or not value.strip():
            return None
        slots.append((name.strip(), value.strip().strip("'\"")))
    return Payload(does, target.strip(), tuple(slots))


def is_link(source: str) -> bool:
    """Whether an address leads into the web, to a page of ours, or to where a placeholder says."""
    return _LINK.fullmatch(source) is not None
