"""Carries out what the customer wants, command by command; afterwards what was going on goes on."""

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
    if any(isinstance(one, BackToBot) for one in commands):
        yield from _come_back(run)
        return
    if any(isinstance(one, Withdraw) for one in commands):
        drop_patterns(run)
        if not (yield from play(run, "pattern_withdraw")):
            hand_over(run)
        run.came_to("flow", "pattern_withdraw")
        commands = tuple(one for one in commands if isinstance(one, WantPerson))
    if any(isinstance(one, WantPerson) for one in commands):
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
    begun = next((place for place, one in enumerate(commands) if isinstance(one, StartFlow)), len(commands))
    told = tuple(one for one in commands[begun:] if isinstance(one, SetSlot))
    for place, command in enumerate(commands):
        if not run.stopped and not (place > begun and command in told):
            yield from _follow_one(run, command, tuple((one.slot, one.value) for one in told))
    if not any(isinstance(one, CannotHandle) for one in commands):
        run.state.lost = 0


def _follow_one(run: Run, command: Command, told: Given) -> Steps[None]:
    """``told`` are the values that came with the wish for a flow."""
    stale = _is_stale(run)
    if isinstance(command, StartFlow):
        chosen = any(one.partition(",")[0].rstrip(")") == f"start({command.flow}" for one in run.offered)
        yield from start(run, command.flow, chosen=chosen, given=(*command.slots, *told))
    elif isinstance(command, SetSlot | CorrectSlot):
        taken = yield from fill_slot(run, command.slot, command.value, correcting=isinstance(command, CorrectSlot))
        if not taken and run.inbound.body.get("choice"):
            say_stale(run)
        elif not taken and (asked := asked_slot(run)) is not None and asked.name == command.slot:
            yield from unreadable(run, command.slot, "")
    elif isinstance(command, Unreadable):
        yield from unreadable(run, command.slot, command.code)
    elif isinstance(command, Cancel):
        yield from _cancel(run)
    elif isinstance(command, Skip):
        if stale:
            say_stale(run)
        else:
            yield from skip(run)
    elif isinstance(command, Clarify):
        options = [[_choice_id(option), text] for option, text in command.options]
        yield from play(run, "pattern_clarification", dialog_options=options)
    elif isinstance(command, Answer):
        yield from play(run, "pattern_search", dialog_article=command.article_id, dialog_open=bool(run.frames))
    elif isinstance(command, SmallTalk):
        run.came_to("small_talk")
        yield from play(run, "pattern_chitchat", dialog_small_talk=command.kind)
    elif isinstance(command, Speak):
        run.locale = command.locale
        run.came_to("small_talk")
        yield from play(run, "pattern_change_language")
    elif isinstance(command, CannotHandle):
        yield from _be_lost(run)


def _choice_id(option: str) -> str:
    """As taps name it: ``flow:x`` starts a flow, ``article:x`` is an article's answer."""
    kind, colon, rest = option.partition(":")
    if not colon:
        return option
    return f"start({rest})" if kind == "flow" else f"{kind}({rest})"


def _is_stale(run: Run) -> bool:
    choice = run.inbound.body.get("choice")
    return bool(choice) and choice not in run.offered


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


def _come_back(run: Run) -> Steps[None]:
    """Whoever is back with the bot is not asked any more what only a person needs."""
    yield from ()
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


def _be_lost(run: Run) -> Steps[None]:
    body = run.inbound.body
    if body.get("choice"):
        say_stale(run)
        return
    if not body.get("text") and body.get("attachments"):
        _files_alone(run)
        return
    frame = run.top
    if frame is not None and asked_slot(run) is not None:
        run.came_to("flow", frame.flow)
        if not count_failure(run, frame):
            run.say("utter_not_understood")
        return
    run.state.lost += 1
    run.came_to("none")
    yield from play(run, "pattern_cannot_handle", dialog_tries=run.state.lost)
