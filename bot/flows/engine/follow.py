"""Carries out what the customer wants, command by command; afterwards what was going on goes on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain.message import stands_in
from bot.flows.commands import (
    Answer,
    BackToBot,
    Cancel,
    CannotHandle,
    Clarify,
    Command,
    CorrectSlot,
    SetSlot,
    Skip,
    SmallTalk,
    Speak,
    StartFlow,
    Understood,
    Unreadable,
    WantPerson,
    Withdraw,
)
from bot.flows.engine.ends import PERSON, hand_over, offer_interrupted
from bot.flows.engine.fill import asked_slot, count_failure, fill_slot, skip, unreadable
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import drop_patterns, drop_unit, given_in, root_of, top_wanted, units
from bot.flows.engine.start import Given, say_stale, start
from bot.flows.engine.walk import play, walk

HEARD_BY_THE_BOT = ("pattern_withdraw", "withdraw_consent")
"""Whoever speaks, these flows get their answers: a withdrawal needs nobody's help."""


def follow(run: Run, understood: Understood) -> Steps[None]:
    """Follows all commands of one message. A withdrawal and the wish for a person go before everything else."""
    commands = understood.commands
    kinds = set(map(type, commands))
    if understood.upset and run.speaks:
        yield from _tell_of_anger(run)
    if BackToBot in kinds:
        _come_back(run)
        return
    if Withdraw in kinds:
        drop_patterns(run)
        if not (yield from play(run, "pattern_withdraw")):
            hand_over(run)
        run.came_to("flow", "pattern_withdraw")
        commands, kinds = (), kinds & {WantPerson}
    if WantPerson in kinds:
        yield from _want_person(run)
        return
    if not run.speaks:
        if not run.replies and not (yield from _heard_anyway(run, commands)):
            _wait(run)
        return
    if understood.upset and not run.state.soothed:
        run.state.soothed = run.say("utter_upset") is not None
    if not understood.commands:
        _files_alone(run)
    told: list[tuple[str, Any]] = []
    if StartFlow in kinds:
        commands, told = _with_wish(commands)
    for command in commands:
        if not run.stopped and (rest := _FOLLOWED[type(command)](run, command, told)) is not None:
            yield from rest
    if CannotHandle not in kinds:
        run.state.lost = 0


def _tell_of_anger(run: Run) -> Steps[None]:
    """``pattern_upset`` is given what the flows below know of its slots; it is not for words."""
    flow = run.world.definitions.flows.get("pattern_upset")
    if flow is None or not run.frames:
        return
    known = {name: value for frame in run.frames for name, value in frame.slots.items() if name in flow.slots}
    yield from play(run, flow.id, **known)


def _with_wish(commands: Sequence[Command]) -> tuple[tuple[Command, ...], list[tuple[str, Any]]]:
    """The values that come after the wish for a flow go with it instead of being followed by themselves."""
    begun = next(place for place, one in enumerate(commands) if isinstance(one, StartFlow))
    told = [(one.slot, one.value) for one in commands[begun:] if isinstance(one, SetSlot)]
    return (*commands[: begun + 1], *(one for one in commands[begun + 1 :] if not isinstance(one, SetSlot))), told


def _start(run: Run, command: StartFlow, told: Given) -> Steps[None]:
    chosen = any(one.partition(",")[0].rstrip(")") == f"start({command.flow}" for one in run.offered)
    given = (*command.slots, *told)
    yield from start(run, command.flow, chosen=chosen, given=given, instead=command.instead)


def _take(run: Run, command: SetSlot | CorrectSlot, _told: Given) -> Steps[None]:
    taken = yield from fill_slot(run, command.slot, command.value, correcting=isinstance(command, CorrectSlot))
    if not taken and run.inbound.body.get("choice"):
        say_stale(run)
    elif not taken and (asked := asked_slot(run)) is not None and asked.name == command.slot:
        unreadable(run, command.slot, "")


def _skip(run: Run, _command: Skip, _told: Given) -> Steps[None] | None:
    choice = run.inbound.body.get("choice")
    if not choice or choice in run.offered:
        return skip(run)
    say_stale(run)
    return None


def _clarify(run: Run, command: Clarify, _told: Given) -> Steps[bool]:
    options = [[_choice_id(option), text] for option, text in command.options]
    return play(run, "pattern_clarification", dialog_options=options)


def _answer(run: Run, command: Answer, _told: Given) -> Steps[bool]:
    return play(run, "pattern_search", dialog_article=command.article_id, dialog_open=bool(run.frames))


def _make_small_talk(run: Run, command: SmallTalk, _told: Given) -> Steps[bool]:
    run.came_to("small_talk")
    return play(run, "pattern_chitchat", dialog_small_talk=command.kind)


def _speak(run: Run, command: Speak, _told: Given) -> Steps[bool]:
    run.locale = command.locale
    run.came_to("small_talk")
    return play(run, "pattern_change_language")


def _choice_id(option: str) -> str:
    """As taps name it: ``flow:x`` starts a flow, ``article:x`` is an article's answer."""
    kind, colon, rest = option.partition(":")
    if not colon:
        return option
    return f"start({rest})" if kind == "flow" else f"{kind}({rest})"


def _want_person(run: Run) -> Steps[None]:
    """Who asks again while being asked for reasons gets the person at once."""
    if run.situation.owner == "agent":
        return
    if run.situation.owner == "queue":
        run.state.told_to_wait = True
        run.say("utter_waiting")
        run.came_to("waiting")
        return
    run.came_to("hand_over")
    if (asking := _asked_by_person(run)) is not None:
        drop_unit(run, asking)
        hand_over(run)
        return
    drop_patterns(run)
    if not (yield from play(run, "pattern_human_handoff")):
        hand_over(run)


def _asked_by_person(run: Run) -> tuple[int, int] | None:
    """The unit whose questions a person wants answered beforehand."""
    return next((unit for unit in units(run) if any(one.flow == PERSON for one in run.frames[slice(*unit)])), None)


def _come_back(run: Run) -> None:
    """Whoever is back with the bot is not asked any more what only a person needs."""
    waited = not run.speaks
    asking = _asked_by_person(run)
    if asking is not None and run.frames[asking[0]].flow == PERSON:
        drop_unit(run, asking)
        waited = True
    if not run.speaks:
        run.owner = "bot"
    run.state.told_to_wait, run.state.lost = False, 0
    run.say("utter_back_to_bot")
    run.came_to("small_talk")
    if waited:
        drop_patterns(run)
        offer_interrupted(run, len(run.frames))


def _heard_anyway(run: Run, commands: tuple[Command, ...]) -> Steps[bool]:
    """Whoever speaks, the bot hears answers in the middle of a withdrawal, and taps below news that it told itself."""
    begin = root_of(run, len(run.frames) - 1)
    root = run.frames[begin].flow if run.frames else ""
    tapped = root.startswith("pattern_") and run.inbound.body.get("choice") in run.offered
    if root not in HEARD_BY_THE_BOT and not tapped:
        return False
    for command in commands:
        if isinstance(command, SetSlot | CorrectSlot):
            yield from fill_slot(run, command.slot, command.value)
        elif isinstance(command, Cancel):
            del run.frames[begin:]
            run.say("utter_flow_cancelled")
            return True
    yield from walk(run, begin)
    return True


def _wait(run: Run) -> None:
    """In the queue the bot acknowledges once and then keeps quiet: a person is going to speak."""
    run.came_to("waiting")
    if run.situation.owner == "queue" and not run.state.told_to_wait:
        run.state.told_to_wait = True
        run.say("utter_waiting")


def _cancel(run: Run) -> Steps[None]:
    asked_back = run.top is not None and run.top.flow == "pattern_cancel_flow"
    begin = root_of(run, len(run.frames) - 1)
    if run.frames and run.frames[begin].by == "pattern" and not run.frames[begin].flow.startswith("pattern_"):
        drop_unit(run, (begin, len(run.frames)))
        run.say("utter_flow_cancelled")
        run.came_to("flow")
        return
    drop_patterns(run)
    unit = top_wanted(run)
    if unit is None:
        run.say("utter_nothing_open")
        run.came_to("small_talk")
        return
    root = run.frames[unit[0]]
    keeps = run.chart(root).flow.keeps
    lost = given_in(run, unit) and not asked_back and not keeps
    about = {"dialog_flow": run.name_of(root), "dialog_would_lose": lost, "dialog_kept": keeps}
    if not (yield from play(run, "pattern_cancel_flow", **about)):
        drop_unit(run, unit)
        offer_interrupted(run, len(run.frames))


def _files_alone(run: Run) -> None:
    """Files that nobody has asked for."""
    run.say("utter_files_received")
    run.came_to("file")


def _media_missing(run: Run, media: Mapping[str, Any]) -> None:
    """Something without words of which nothing could be had: why, and what to do instead."""
    why = media.get("missing") or media.get("kind")
    if run.response(name := f"utter_media_{why}") is None:
        name = "utter_media_missing"
    run.say(name)
    run.came_to("file")


def _be_lost(run: Run) -> Steps[None]:
    body = run.inbound.body
    if body.get("choice"):
        say_stale(run)
        return
    if not body.get("text") and body.get("attachments"):
        _files_alone(run)
        return
    if stands_in(body):
        _media_missing(run, body["media"])
        return
    frame = run.top
    if frame is not None and asked_slot(run) is not None:
        run.came_to("flow", frame.flow)
        if not count_failure(run, frame):
            run.say("utter_not_understood")
        return
    if body.get("location"):
        run.say("utter_place_received")
        run.came_to("file")
        return
    run.state.lost += 1
    run.came_to("none")
    yield from play(run, "pattern_cannot_handle", dialog_tries=run.state.lost)


_FOLLOWED: Mapping[type[Command], Callable[[Run, Any, Given], Steps[Any] | None]] = {
    StartFlow: _start,
    SetSlot: _take,
    CorrectSlot: _take,
    Unreadable: lambda run, command, _told: unreadable(run, command.slot, command.code),
    Cancel: lambda run, _command, _told: _cancel(run),
    Skip: _skip,
    Clarify: _clarify,
    Answer: _answer,
    SmallTalk: _make_small_talk,
    Speak: _speak,
    CannotHandle: lambda run, _command, _told: _be_lost(run),
}
"""How each command is followed; the last argument are the values that came with the wish for a flow. What wants
nothing done on its way is done at once."""
