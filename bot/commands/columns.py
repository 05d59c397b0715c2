"""Which column of a file holds what, as the commands that import take it and tell it."""

from collections.abc import Iterator, Mapping, Sequence

from bot.web.problems import describe
from crm_adapter.imports.errors import ImportFault


def read_mapping(pairs: Sequence[str]) -> Mapping[str, str]:
    """Header to field. Raises :class:`ImportFault` ``import_unknown_header`` for what is no pair."""
    found = {}
    for pair in pairs:
        header, equals, target = pair.rpartition("=")
        if not equals:
            raise ImportFault("import_unknown_header", header=pair[:100])
        found[header.strip()] = target.strip()
    return found


def mapping_lines(mapping: Mapping[str, str], left_out: Sequence[str]) -> Iterator[str]:
    """A line per column that is read, and one for those that are not."""
    for header, target in mapping.items():
        yield f"  {header} → {target}"
    if left_out:
        yield f"  not stored: {', '.join(left_out)}"


def told(fault: ImportFault) -> str:
    """Why a file cannot be imported."""
    return describe(fault.code, "en", {"line": fault.line, **fault.values}).detail
