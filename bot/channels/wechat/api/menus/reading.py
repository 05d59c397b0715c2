"""A menu file with WeChat's limits; every fault has its line."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml

from bot.channels.wechat.api.menus.model import NEEDS, Button, leaves

DEMO = Path(str(files("bot.channels.wechat.api.menus") / "demo.yml"))
"""The demo company's menu."""
MOST_BUTTONS, MOST_SUB_BUTTONS = 3, 5
NAME_BYTES, SUB_NAME_BYTES = 16, 60
MOST_BYTES = {"key": 128, "url": 1024}
_OTHER_BYTES = 1024
_FILE_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class MenuFault:
    """What is wrong at a line; ``code`` names the sentence of ``faults.yml``, which ``values`` fill in."""

    file: str
    line: int
    code: str
    values: dict[str, object] = field(default_factory=dict)

    def line_in(self, locale: str) -> str:
        """``file:line: what is wrong``, in one of the three languages."""
        texts = _texts()[self.code]
        return f"{self.file}:{self.line}: {texts.get(locale, texts['en']).format(**self.values)}"


class MenuFaults(Exception):
    """WeChat would not take the menu, or it is none; ``faults`` are all that were found, by line."""

    def __init__(self, faults: Sequence[MenuFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(fault.line_in("en") for fault in self.faults))


def read_menu(path: Path) -> tuple[Button, ...]:
    """The buttons in a file. Raises :class:`MenuFaults`."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        told = problem.strerror if isinstance(problem, OSError) else "UTF-8"
        raise MenuFaults([MenuFault(str(path), 1, "file", {"problem": told})]) from None
    return parse_menu(source, str(path))


def parse_menu(source: str, name: str) -> tuple[Button, ...]:
    """The buttons in a text; ``name`` is how faults call it. Raises :class:`MenuFaults`."""
    reader = _Reader(name)
    buttons = reader.read(source)
    if reader.faults:
        raise MenuFaults(reader.faults)
    return buttons


def without_meaning(buttons: Iterable[Button], name: str, means: Callable[[str], bool]) -> list[MenuFault]:
    """The clicks whose keys mean nothing to the bot: WeChat would take them all the same."""
    clicks = (button for button in leaves(buttons) if button.type == "click")
    unknown = (button for button in clicks if button.key and not means(button.key))
    return [MenuFault(name, button.line, "unknown_choice", {"key": button.key}) for button in unknown]


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self.faults: list[MenuFault] = []

    def read(self, source: str) -> tuple[Button, ...]:
        """The buttons, as far as they can be read; what is wrong is in ``faults``."""
        if len(source) > _FILE_CHARACTERS:
            self._fault(1, "file_too_long", limit=_FILE_CHARACTERS)
            return ()
        try:
            root = yaml.compose(source, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as problem:
            line = problem.problem_mark.line + 1 if problem.problem_mark else 1
            self._fault(line, "yaml", problem=problem.problem or "YAML")
            return ()
        except (yaml.YAMLError, RecursionError):
            self._fault(1, "yaml", problem="YAML")
            return ()
        if root is None:
            self._fault(1, "no_buttons")
            return ()
        whole = self._mapping(root)
        for key, (line, _) in whole.items():
            if key != "button":
                self._fault(line, "unknown_key", key=key)
        if "button" not in whole:
            self._fault(_line(root), "no_buttons")
            return ()
        return self._buttons(whole["button"][1], MOST_BUTTONS, "too_many_buttons", NAME_BYTES)

    def _buttons(self, node: yaml.Node, most: int, code: str, name_bytes: int) -> tuple[Button, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._fault(_line(node), "expected_list")
            return ()
        if not node.value:
            self._fault(_line(node), "no_buttons")
        if len(node.value) > most:
            self._fault(_line(node.value[most]), code, limit=most)
        return tuple(self._button(one, name_bytes) for one in node.value)

    def _button(self, node: yaml.Node, name_bytes: int) -> Button:
        given, line = self._mapping(node), _line(node)
        if not isinstance(node, yaml.MappingNode):
            return Button("", line=line)
        name = self._text(given, "name", name_bytes, line)
        if "sub_button" in given:
            at, inside = given["sub_button"]
            if name_bytes == SUB_NAME_BYTES:
                self._fault(at, "nested")
                return Button(name, line=line)
            self._only(given, ("name", "sub_button"), "beside_sub_button")
            return Button(
                name, sub_button=self._buttons(inside, MOST_SUB_BUTTONS, "too_many_sub", SUB_NAME_BYTES), line=line
            )
        return self._leaf(given, name, line)

    def _leaf(self, given: dict[str, tuple[int, yaml.Node]], name: str, line: int) -> Button:
        type_ = self._text(given, "type", _OTHER_BYTES, line)
        if type_ not in NEEDS:
            if type_:
                self._fault(given["type"][0], "unknown_type", type=type_, types=", ".join(NEEDS))
            return Button(name, line=line)
        needs = NEEDS[type_]
        self._only(given, ("name", "type", *needs), "unknown_key")
        values = {key: self._text(given, key, MOST_BYTES.get(key, _OTHER_BYTES), line) for key in needs}
        if values.get("url") and not values["url"].startswith(("https://", "http://")):
            self._fault(given["url"][0], "url")
        return Button(name, type_, tuple(values.items()), line=line)

    def _text(self, given: dict[str, tuple[int, yaml.Node]], key: str, most: int, line: int) -> str:
        if key not in given:
            self._fault(line, "missing", key=key)
            return ""
        at, node = given[key]
        if not isinstance(node, yaml.ScalarNode):
            self._fault(at, "expected_text", key=key)
            return ""
        text = str(node.value).strip()
        size = len(text.encode(errors="replace"))
        if not text:
            self._fault(at, "missing", key=key)
        elif size > most:
            self._fault(at, "too_long", key=key, size=size, limit=most)
        return text

    def _only(self, given: dict[str, tuple[int, yaml.Node]], known: Sequence[str], code: str) -> None:
        for key, (line, _) in given.items():
            if key not in known:
                self._fault(line, code, key=key)

    def _mapping(self, node: yaml.Node) -> dict[str, tuple[int, yaml.Node]]:
        """The keys with their lines and what stands under them."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(_line(node), "expected_mapping")
            return {}
        found: dict[str, tuple[int, yaml.Node]] = {}
        for key, value in node.value:
            word = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if word in found:
                self._fault(_line(key), "twice", key=word)
            found[word] = (_line(key), value)
        return found

    def _fault(self, line: int, code: str, **values: object) -> None:
        self.faults.append(MenuFault(self._name, line, code, values))


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = (files("bot.channels.wechat.api.menus") / "faults.yml").read_text(encoding="utf-8")
    return cast("dict[str, dict[str, str]]", yaml.safe_load(source))
