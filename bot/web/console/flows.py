"""The flows in force, to look at; files change them, not the console."""

from pathlib import Path

from aiohttp import web

from bot.flows.catalogue import OURS
from bot.flows.graph import graph_of, mermaid
from bot.flows.model import Flow
from bot.flows.reading import FlowFault
from bot.staff.roles import Permission
from bot.web.console.paging import reply
from bot.web.keys import FLOWS
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route


async def show_flows(request: web.Request) -> web.Response:
    """All flows by name, and what is wrong with the files as they are now."""
    catalogue, locale = request.app[FLOWS], locale_of(request)
    flows = sorted(catalogue.current.flows.values(), key=lambda flow: flow.id)
    return reply(
        {
            "version": catalogue.current.content_hash,
            "items": [_head(flow, locale) for flow in flows],
            "faults": [_fault(fault, locale) for fault in catalogue.faults],
        }
    )


async def show_graph(request: web.Request) -> web.Response:
    """One flow as nodes and edges, and as a Mermaid flowchart."""
    flow = request.app[FLOWS].current.flows.get(request.match_info["id"])
    if flow is None:
        raise Problem(404, "unknown_flow")
    locale = locale_of(request)
    graph = graph_of(flow, locale)
    return reply(
        {
            **_head(flow, locale),
            "nodes": [
                {"id": node.id, "kind": node.kind, "label": node.label, "words": node.words} for node in graph.nodes
            ],
            "edges": [{"from": edge.begin, "to": edge.to, "label": edge.label} for edge in graph.edges],
            "mermaid": mermaid(flow, locale),
        }
    )


def _head(flow: Flow, locale: str) -> dict[str, object]:
    file = Path(flow.source)
    return {
        "id": flow.id,
        "name": flow.name[locale],
        "description": flow.description,
        "version": flow.content_hash,
        "file": file.name,
        "own": OURS not in file.parents,
        "offered": flow.offered,
        "parks": flow.parks,
        "steps": len(flow.steps),
    }


def _fault(fault: FlowFault, locale: str) -> dict[str, object]:
    return {"file": Path(fault.file).name, "line": fault.line, "text": fault.text(locale)}


ROUTES = (
    Route("GET", "/api/flows", show_flows, Permission.ARTICLES_READ),
    Route("GET", "/api/flows/{id}/graph", show_graph, Permission.ARTICLES_READ),
)
