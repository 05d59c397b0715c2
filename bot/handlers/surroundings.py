"""What flows may rely on in this program, for checking them."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.flows.checking import Surroundings
from bot.flows.engine.builtin import BUILTIN, START
from bot.handlers.registry import ACTIONS

_PACKAGES = ("bot.flows", "bot.handlers", "bot.turns")
_BEGINNING = re.compile(r"""["'](utter_[a-z0-9_]*_)\{""")
_NAME_IN_QUOTES = re.compile(r"""["']([a-z][a-z0-9_]{2,60})["']""")


@cache
def surroundings(remote: frozenset[str] = frozenset()) -> Surroundings:
    """The engine's actions and ours, and every name that stands in quotation marks in the program's own source.

    ``remote`` are the actions that the settings give to other servers.

    The latter is only used to keep quiet about what flows seem not to use, or not to fill: actions say responses by
    name, and hand them values by name.
    """
    # An action's name does not depend on the services that its constructor wants.
    actions = {action.name(action.__new__(action)) for action in ACTIONS}
    sources = tuple(_sources())
    used = {name for source in sources for name in _NAME_IN_QUOTES.findall(source)}
    beginnings = {name for source in sources for name in _BEGINNING.findall(source)}
    names = frozenset(actions | BUILTIN.keys())
    return Surroundings(names, START, frozenset(used), tuple(sorted(beginnings)), remote)


def _sources() -> Iterator[str]:
    for package in _PACKAGES:
        yield from _under(files(package))
    yield from (entry.read_text(encoding="utf-8") for entry in files("bot").iterdir() if entry.name.endswith(".py"))


def _under(folder: Traversable) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _under(entry)
        elif entry.name.endswith(".py"):
            yield entry.read_text(encoding="utf-8")
