"""How faults are told: to the operator by a sentence, to the log by place and type, never by what customers wrote."""

import traceback

_FRAMES = 12


class StartFault(Exception):
    """What keeps a command from doing its work; the message tells the operator how to mend it, without a secret."""


class SettingsFault(Exception):
    """The settings are wrong; ``faults`` has one line per fault, without the values."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def places_of(fault: BaseException) -> str:
    """The chain of exceptions with their frames, without their messages: those quote rows, bodies and addresses."""
    lines: list[str] = []
    seen: BaseException | None = fault
    while seen is not None and len(lines) < 200:
        frames = traceback.extract_tb(seen.__traceback__)
        lines += [type(seen).__qualname__, *(f"  {f.filename}:{f.lineno} {f.name}" for f in frames[-_FRAMES:])]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(lines)
