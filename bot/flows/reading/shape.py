"""Reading the keys of a mapping: each is asked for once, and what nobody asked for is refused."""

from typing import Any, TypeVar

from bot.flows.reading.faults import Faults, Place
from bot.flows.reading.nodes import Mapping, Node, Scalar, Sequence

LOCALES = ("zh-Hans", "zh-Hant", "en")
UNSUPPORTED = frozenset(
    {
        "actions", "agents", "always_include_in_prompt", "ask_confirm_digressions", "attachment", "block_digressions",
        "config", "custom", "e2e_actions", "elements", "entities", "entity", "exit_if", "force_slot_filling", "forms",
        "from_llm", "generation_prompt", "id_attribute", "image", "influence_conversation", "intents", "llm",
        "lookup", "mapping", "mappings", "max_value", "mcp_server", "mcp_tools", "metadata", "min_value", "pipeline",
        "policies", "prompt", "prompt_template", "quick_replies", "refill_utter", "regex", "rephrase",
        "rephrase_prompt", "rules", "run_pattern_completed", "session_config", "shared_for_coexistence", "stories",
        "synonym", "template", "tools", "use_cases", "use_e2e", "validation",
    }
)  # fmt: skip
"""Keys that CALM, or Rasa before it, has and that this program does not: named as such, so that nobody seeks a typo."""
_N = TypeVar("_N", Scalar, Sequence, Mapping)
_KINDS: dict[type[Any], str] = {Scalar: "expected_value", Sequence: "expected_list", Mapping: "expected_mapping"}


class Shape:
    """One mapping being read; :meth:`finish` notes the keys that nobody asked for."""

    def __init__(self, mapping: Mapping, faults: Faults) -> None:
        self.mapping, self.faults, self.place = mapping, faults, mapping.place
        self._asked: set[str] = set()

    def node(self, key: str) -> Node | None:
        """What stands under a key."""
        self._asked.add(key)
        return self.mapping.entries.get(key)

    def at(self, key: str) -> Place:
        """Where a key stands; where the mapping begins when it does not have it."""
        return self.mapping.keys.get(key, self.place)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.mapping.entries

    def scalar(self, key: str) -> Scalar | None:
        """A single value."""
        return self._of(key, Scalar)

    def sequence(self, key: str) -> Sequence | None:
        """A list."""
        return self._of(key, Sequence)

    def inner(self, key: str) -> "Shape | None":
        """A mapping, to be read and finished like this one."""
        mapping = self._of(key, Mapping)
        return None if mapping is None else Shape(mapping, self.faults)

    def text(self, key: str) -> str | None:
        """Words as they were written: a bare ``No`` or ``12`` is its text; ``None`` when missing or empty."""
        scalar = self.scalar(key)
        return None if scalar is None or not scalar.text.strip() else scalar.text.strip()

    def needed(self, key: str) -> str:
        """Words that have to be there; empty (with the fault noted) when they are not."""
        text = self.text(key)
        if text is None and (not self.has(key) or isinstance(self.node(key), Scalar)):
            self.faults.add(self.at(key), key, "key_missing")
        return text or ""

    def flag(self, key: str, default: bool) -> bool:
        """``true`` or ``false``."""
        scalar = self.scalar(key)
        if scalar is None:
            return default
        if not isinstance(scalar.value, bool):
            self.faults.add(scalar.place, key, "expected_bool")
            return default
        return scalar.value

    def finish(self) -> None:
        """Notes every key that was not asked for."""
        for key, place in self.mapping.keys.items():
            if key not in self._asked:
                self.faults.add(place, key, "key_unsupported" if key in UNSUPPORTED else "key_unknown")

    def _of(self, key: str, kind: type[_N]) -> _N | None:
        node = self.node(key)
        if node is None or isinstance(node, kind):
            return node
        self.faults.add(node.place, key, _KINDS[kind])
        return None


def shape_of(node: Node, name: str, faults: Faults) -> Shape | None:
    """The mapping that a node should be."""
    if isinstance(node, Mapping):
        return Shape(node, faults)
    faults.add(node.place, name, "expected_mapping")
    return None


def words(node: Node, name: str, faults: Faults) -> tuple[str, ...]:
    """One word or a list of them."""
    if isinstance(node, Mapping):
        faults.add(node.place, name, "expected_list")
        return ()
    found = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar) and item.text.strip():
            found.append(item.text.strip())
        else:
            faults.add(item.place, name, "expected_value")
    return tuple(found)


def json_of(node: Node) -> Any:
    """The node as plain values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [json_of(item) for item in node.items]
    return {key: json_of(value) for key, value in node.entries.items()}


def texts(shape: Shape, key: str) -> dict[str, str]:
    """A text with its translations beside it; every one of the three languages that is missing is noted.

    As Rasa has it, a translation is a text, or a mapping with the key of the original.
    """
    found: dict[str, str] = {}
    original = shape.text(key)
    if original is not None:
        found[LOCALES[0]] = original
    translation = shape.inner("translation")
    if translation is not None:
        for locale in translation.mapping.entries:
            node = translation.node(locale)
            if locale not in LOCALES[1:]:
                shape.faults.add(translation.at(locale), locale, "language_unknown")
                continue
            if isinstance(node, Mapping):
                nested = Shape(node, shape.faults)
                text = nested.text(key)
                nested.finish()
            else:
                text = translation.text(locale)
            if text is not None:
                found[locale] = text
    for locale in LOCALES:
        if locale not in found:
            shape.faults.add(shape.at(key), key, "language_missing", locale=locale)
    return found
