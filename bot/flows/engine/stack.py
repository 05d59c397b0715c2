"""The stack of frames in units: what a customer wants, with whatever it calls, and the patterns in between."""

from itertools import pairwise

from bot.flows.engine.chart import fits
from bot.flows.engine.run import Run
from bot.flows.engine.state import Frame, frame_document


def root_of(run: Run, index: int) -> int:
    """Where the unit begins that the frame at this index belongs to."""
    while index > 0 and run.frames[index].by == "call":
        index -= 1
    return index


def units(run: Run) -> list[tuple[int, int]]:
    """Begin and end of each unit, from the bottom up."""
    starts = [index for index, frame in enumerate(run.frames) if frame.by != "call"]
    return list(pairwise([*starts, len(run.frames)]))


def wanted_units(run: Run) -> list[tuple[int, int]]:
    """The units that customers wanted, patterns apart."""
    return [unit for unit in units(run) if run.frames[unit[0]].by == "user"]


def top_wanted(run: Run) -> tuple[int, int] | None:
    """The uppermost unit that the customer wanted."""
    wanted = wanted_units(run)
    return wanted[-1] if wanted else None


def drop_unit(run: Run, unit: tuple[int, int]) -> None:
    """Takes a unit off the stack, wherever it lies."""
    del run.frames[unit[0] : unit[1]]


def drop_patterns(run: Run) -> None:
    """Forgets what the dialog itself asks at the moment; what the customer wanted stays."""
    while run.frames and run.frames[root_of(run, len(run.frames) - 1)].by == "pattern":
        del run.frames[root_of(run, len(run.frames) - 1) :]


def given_in(run: Run, unit: tuple[int, int]) -> bool:
    """Whether the customer has told something that would be lost with this unit."""
    return any(
        frame.slots.get(name) is not None
        for frame in run.frames[unit[0] : unit[1]]
        for name in run.chart(frame).collected
    )


def unit_document(run: Run, unit: tuple[int, int]) -> dict[str, object]:
    """A unit as it is parked. What it waited for outside is asked for again when it goes on."""
    frames = []
    for frame in run.frames[unit[0] : unit[1]]:
        document = frame_document(frame)
        document.pop("token", None)
        document.pop("until", None)
        frames.append({**document, "by": frame.by})
    return {"frames": frames}


def restart(run: Run, frame: Frame) -> None:
    """Back to the beginning of the version that is held, with the values that still fit."""
    chart = run.chart(frame)
    kept = {name: value for name, value in frame.slots.items() if fits(chart.flow.slots.get(name), value)}
    frame.slots.clear()
    frame.slots.update(kept)
    frame.step, frame.asked, frame.tries = chart.first, False, 0
    frame.path, frame.was, frame.changed = [], [], []
    frame.token = frame.until = None
