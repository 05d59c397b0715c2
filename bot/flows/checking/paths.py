"""Where steps lead: none without a way to it, none without a way out, no way round that never asks."""

from collections.abc import Iterable, Iterator, Mapping

from bot.flows.model import END, Call, Collect, Definitions, Flow, Link, Step
from bot.flows.reading.faults import Faults, Place

Node = tuple[str, str]
Ways = Mapping[Node, tuple[Node, ...]]


def check_steps(flow: Flow, faults: Faults) -> None:
    """Notes steps that nothing leads to, and steps from which the flow can neither end nor ask."""
    if not flow.steps:
        return
    followers = {step.id: [branch.to for branch in step.next] for step in flow.steps}
    reached = _reached([flow.steps[0].id], followers)
    leading: dict[str, list[str]] = {}
    for step_id, targets in followers.items():
        for target in targets:
            leading.setdefault(target, []).append(step_id)
    # Who asks waits for the customer, who can always leave: only what goes on by itself can be without a way out.
    outs = [END, *(step.id for step in flow.steps if isinstance(step.does, Link | Collect))]
    leaves = _reached(outs, leading)
    for step in flow.steps:
        if step.id not in reached:
            faults.add(Place(flow.source, step.line), step.id, "step_unreachable")
        elif step.id not in leaves:
            faults.add(Place(flow.source, step.line), step.id, "dead_end")


def check_loops(definitions: Definitions, faults: Faults, warnings: Faults) -> None:
    """Notes ways round without a question: a fault where no condition can leave them, else a warning."""
    ways = _ways(definitions)
    certain = {node: targets for node, targets in ways.items() if len(_choices(definitions, node)) == 1}
    endless = set(_circles(certain))
    for collected, circle, code in ((faults, endless, "loop_endless"), (warnings, _circles(ways), "loop_silent")):
        for flow_id, step_id in sorted(circle):
            flow = definitions.flows[flow_id]
            step = flow.step(step_id)
            if step is not None and (code == "loop_endless" or (flow_id, step_id) not in endless):
                collected.add(Place(flow.source, step.line), step_id, code, flow=flow_id)


def _reached(begin: Iterable[str], followers: Mapping[str, list[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(begin)
    while waiting:
        step = waiting.pop()
        if step not in reached:
            reached.add(step)
            waiting += followers.get(step, [])
    return reached


def _choices(definitions: Definitions, node: Node) -> tuple[str, ...]:
    step = definitions.flows[node[0]].step(node[1])
    return ("",) if step is None or isinstance(step.does, Link) else tuple({branch.to for branch in step.next})


def _ways(definitions: Definitions) -> Ways:
    """From each step that does not ask to those that follow at once, over links and calls into other flows."""
    return {
        (flow.id, step.id): tuple(_followers(definitions, flow, step))
        for flow in definitions.flows.values()
        for step in flow.steps
        if not isinstance(step.does, Collect)
    }


def _followers(definitions: Definitions, flow: Flow, step: Step) -> Iterator[Node]:
    if isinstance(step.does, Link | Call):
        target = definitions.flows.get(step.does.flow)
        if target is not None and target.steps:
            yield target.id, target.steps[0].id
            if isinstance(step.does, Call) and any(isinstance(each.does, Collect) for each in target.steps):
                return  # what is called asks on its way, as far as can be seen from here
    yield from ((flow.id, branch.to) for branch in step.next if branch.to != END)


def _circles(ways: Ways) -> set[Node]:
    """The nodes that can come back to themselves: each strongly connected part, found without recursion."""
    found: set[Node] = set()
    for begin in ways:
        if begin in found:
            continue
        seen: set[Node] = set()
        waiting = [node for node in ways[begin] if node in ways]
        while waiting:
            node = waiting.pop()
            if node == begin:
                found.add(begin)
                break
            if node not in seen:
                seen.add(node)
                waiting += [each for each in ways[node] if each in ways]
    return found
