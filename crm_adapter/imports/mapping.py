"""Which column holds what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.words import target_of
from crm_adapter.records.customers import FIELDS

KEY, LOCALE, KIND, BASIS, PROOF = "external_key", "locale", "kind", "lawful_basis", "proof"
TARGETS = (KEY, *FIELDS, LOCALE, KIND, BASIS, PROOF)
KNOWN_BY = (KEY, "phone", "email")
LEFT_OUT = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the columns of one kind of file can hold; ``words`` is the list of ``words.yml`` that tells their names."""

    targets: tuple[str, ...]
    words: str


CONTACTS = Vocabulary(TARGETS, "headers")


@dataclass(frozen=True, slots=True)
class Columns:
    """``targets`` says which column each target is read from; ``left_out`` are headers that are not stored."""

    headers: tuple[str, ...]
    targets: Mapping[str, int]
    left_out: tuple[str, ...]

    @property
    def by_header(self) -> dict[str, str]:
        """The mapping as people read it: header to target."""
        return {self.headers[column]: target for target, column in self.targets.items()}


def guess_columns(headers: Sequence[str]) -> dict[str, str]:
    """Header to target where the header's name tells it; of two columns for one target the first."""
    guessed: dict[str, str] = {}
    for header in headers:
        target = target_of(header)
        if target is not None and target not in guessed.values():
            guessed.setdefault(header, target)
    return guessed


def map_columns(headers: Sequence[str], wanted: Mapping[str, str]) -> Columns:
    """The columns of contacts. Raises what :func:`assign_columns` does, and :class:`ImportFault`
    ``import_no_key_column``.
    """
    columns = assign_columns(headers, wanted, CONTACTS)
    if not any(target in columns.targets for target in KNOWN_BY):
        raise ImportFault("import_no_key_column")
    return columns


def assign_columns(headers: Sequence[str], wanted: Mapping[str, str], vocabulary: Vocabulary) -> Columns:
    """Columns by what is ``wanted`` (header to target, or to nothing), the others by what they are called.

    Raises :class:`ImportFault` ``import_unknown_header``, ``import_unknown_target``, ``import_mapped_twice``,
    ``import_twin_headers``.
    """
    targets: dict[str, int] = {}
    for header, target in wanted.items():
        if headers.count(header) != 1:
            code = "import_twin_headers" if header in headers else "import_unknown_header"
            raise ImportFault(code, header=header[:100])
        if target == LEFT_OUT:
            continue
        if target not in vocabulary.targets:
            raise ImportFault("import_unknown_target", target=target[:100])
        if target in targets:
            raise ImportFault("import_mapped_twice", target=target)
        targets[target] = headers.index(header)
    for column, header in enumerate(headers):
        guess = None if header in wanted else target_of(header, vocabulary.words)
        if guess is not None:
            targets.setdefault(guess, column)
    used = set(targets.values())
    left_out = tuple(header for column, header in enumerate(headers) if column not in used and header)
    return Columns(tuple(headers), targets, left_out)
