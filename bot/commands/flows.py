"""``yingda flows``: check the flow files, list the flows, draw one."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.speech import spoken_locale
from bot.settings import read_settings

if TYPE_CHECKING:  # the other imports stand in the commands: help must not wait for all actions
    from bot.flows.model import Definitions

_WARNING = {"zh-Hans": "提醒", "zh-Hant": "提醒", "en": "warning"}
_SUM = {
    "zh-Hans": "{} 个流程，{} 处错误，{} 条提醒",
    "zh-Hant": "{} 個流程，{} 處錯誤，{} 條提醒",
    "en": "{} flows, {} faults, {} warnings",
}
_NO_FLOW = {"zh-Hans": "没有流程“{}”", "zh-Hant": "沒有流程「{}」", "en": 'There is no flow "{}".'}


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``flows`` with its sub-commands."""
    parser = commands.add_parser("flows", help="check flow files, list flows, draw one")
    parser.add_argument("--locale", choices=("zh-Hans", "zh-Hant", "en"), help="the language of faults and texts")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    check = actions.add_parser("check", help="say what is wrong with the flows, by file and line; needs no database")
    check.add_argument("folder", type=Path, nargs="?", help="a folder of your own instead of the one in the settings")
    check.set_defaults(run=check_flows)

    show = actions.add_parser("list", help="list the flows with their versions and files")
    show.set_defaults(run=list_flows)

    graph = actions.add_parser("graph", help="a flow as a Mermaid flowchart")
    graph.add_argument("name")
    graph.set_defaults(run=draw_flow)


def check_flows(args: argparse.Namespace) -> int:
    """0 when the flows can be used, perhaps with warnings; 1 when not. Each fault is one line, ``file:line: text``."""
    from bot.flows.checking import check_definitions
    from bot.handlers.surroundings import surroundings

    definitions = _read(args)
    if definitions is None:
        return 1
    checked = check_definitions(definitions, surroundings(read_settings().actions.remote_names))
    locale = _locale(args)
    for warning in checked.warnings:
        print(f"{_WARNING[locale]}  {warning.line_in(locale)}")
    for fault in checked.faults:
        print(fault.line_in(locale), file=sys.stderr)
    print(_SUM[locale].format(len(definitions.flows), len(checked.faults), len(checked.warnings)))
    return 1 if checked.faults else 0


def list_flows(args: argparse.Namespace) -> int:
    """Id, version, whether a customer may ask for it, name and file of each flow; 1 when they cannot be read."""
    definitions = _read(args)
    if definitions is None:
        return 1
    locale = _locale(args)
    width = max((len(name) for name in definitions.flows), default=0)
    for flow in sorted(definitions.flows.values(), key=lambda each: each.id):
        sign = "*" if flow.offered else " "
        print(f"{sign} {flow.id:<{width}}  {flow.content_hash[:12]}  {flow.name[locale]}  ({flow.source})")
    return 0


def draw_flow(args: argparse.Namespace) -> int:
    """Prints the flowchart; 1 when there is no such flow."""
    from bot.flows.graph import mermaid

    definitions = _read(args)
    if definitions is None:
        return 1
    flow = definitions.flows.get(args.name)
    if flow is None:
        print(_NO_FLOW[_locale(args)].format(args.name), file=sys.stderr)
        return 1
    print(mermaid(flow, _locale(args)), end="")
    return 0


def _read(args: argparse.Namespace) -> "Definitions | None":
    from bot.flows.catalogue import OURS
    from bot.flows.reading import FlowFaults, read_definitions

    own = getattr(args, "folder", None) or read_settings().flows.folder_in_use
    try:
        return read_definitions(OURS, *([own] if own else []))
    except FlowFaults as faults:
        for fault in faults.faults:
            print(fault.line_in(_locale(args)), file=sys.stderr)
        print(_SUM[_locale(args)].format(0, len(faults.faults), 0), file=sys.stderr)
        return None


def _locale(args: argparse.Namespace) -> str:
    return str(args.locale or spoken_locale())
