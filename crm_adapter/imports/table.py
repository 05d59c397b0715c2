"""A file as a table: headers and rows of text, whatever it was written with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be; ``unpacked_bytes`` is what a workbook's parts may come to, which are compressed."""

    file_bytes: int = 32 * 1024 * 1024
    unpacked_bytes: int = 512 * 1024 * 1024
    rows: int = 200_000
    columns: int = 200


class Row(NamedTuple):
    """One row; ``faults`` are cells that the file holds, but not as they were meant: code by column."""

    line: int
    cells: list[str]
    faults: dict[int, str]


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` can be read once; it raises :class:`ImportFault` where the file stops being one."""

    headers: tuple[str, ...]
    rows: Iterator[Row] = field(repr=False)
