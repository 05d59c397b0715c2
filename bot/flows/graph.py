"""A flow as a picture: its steps and the ways between them, and the same as a Mermaid flowchart."""

from dataclasses import dataclass
from typing import Literal

from bot.flows.model import END, Branch, Call, Collect, Flow, Link, Noop, Response, Run, SetSlots, Step

Kind = Literal["collect", "say", "action", "set_slots", "link", "call", "noop", "end"]
LONGEST = 60
"""Characters of a label; what is longer is cut."""
_SHAPES: dict[Kind, tuple[str, str]] = {
    "collect": ("[/", "/]"),
    "say": ("[", "]"),
    "action": ("[[", "]]"),
    "set_slots": ("[", "]"),
    "link": ("([", "])"),
    "call": ("[[", "]]"),
    "noop": ("{", "}"),
    "end": ("((", "))"),
}
_ELSE = {"zh-Hans": "否则", "zh-Hant": "否則", "en": "else"}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """``label`` says what the step does, ``words`` what the customer reads there (empty when nothing)."""

    id: str
    kind: Kind
    label: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """``label`` is the condition, or how the language says "else"; empty where there is only one way."""

    begin: str
    to: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order of the steps, the end last where the flow has one."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


def graph_of(flow: Flow, locale: str) -> Graph:
    """The steps of a flow with their words in a language."""
    nodes = [_node(flow, step, locale) for step in flow.steps]
    edges = [edge for step in flow.steps for edge in _edges(step, locale)]
    if any(edge.to == END for edge in edges):
        nodes.append(GraphNode(END, "end", END))
    return Graph(tuple(nodes), tuple(edges))


def mermaid(flow: Flow, locale: str) -> str:
    """The flow as a Mermaid flowchart; nothing in a text of the flow can become syntax."""
    graph = graph_of(flow, locale)
    names = {node.id: f"s{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart TD"]
    for node in graph.nodes:
        opening, closing = _SHAPES[node.kind]
        label = _escaped(node.label) + (f"<br/>{_escaped(node.words)}" if node.words else "")
        lines.append(f'    {names[node.id]}{opening}"{label}"{closing}')
    for edge in graph.edges:
        if edge.to in names:
            way = f'-->|"{_escaped(edge.label)}"|' if edge.label else "-->"
            lines.append(f"    {names[edge.begin]} {way} {names[edge.to]}")
    return "\n".join(lines) + "\n"


def _node(flow: Flow, step: Step, locale: str) -> GraphNode:
    match step.does:
        case Collect() as collect:
            return GraphNode(step.id, "collect", f"{collect.slot} ?", _words(flow, collect.utter, locale))
        case Run(action) if action.startswith("utter_"):
            return GraphNode(step.id, "say", action, _words(flow, action, locale))
        case Run(action):
            return GraphNode(step.id, "action", action)
        case SetSlots(values):
            return GraphNode(
                step.id, "set_slots", ", ".join(f"{name} = {_value(each)}" for name, each in values.items())
            )
        case Link(target):
            return GraphNode(step.id, "link", f"→ {target}")
        case Call(target):
            return GraphNode(step.id, "call", f"↻ {target}")
        case Noop():
            return GraphNode(step.id, "noop", step.id)


def _edges(step: Step, locale: str) -> list[GraphEdge]:
    return [GraphEdge(step.id, branch.to, _way(branch, len(step.next), locale)) for branch in step.next]


def _way(branch: Branch, ways: int, locale: str) -> str:
    if branch.when is not None:
        return branch.when.source
    return _ELSE.get(locale, _ELSE["en"]) if ways > 1 else ""


def _words(flow: Flow, name: str | None, locale: str) -> str:
    response: Response | None = flow.responses.get(name or "")
    return response.variants[-1].text.get(locale, "") if response else ""


def _value(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _escaped(text: str) -> str:
    """Letters, digits and what means nothing to Mermaid stay; the rest becomes its character code."""
    short = " ".join(text.split())
    short = short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"
    return "".join(each if each.isalnum() or each in " ._?!,:…，。？！：、→↻=" else f"#{ord(each)};" for each in short)
