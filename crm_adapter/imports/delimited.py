"""Tables as text: UTF-8, UTF-16 or GB18030; comma, semicolon or tab."""

import codecs
import csv
import io
from collections.abc import Iterator

from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.table import Row

_DELIMITERS = ",;\t"
_LOOKED_AT = 50
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_delimited(content: bytes) -> Iterator[Row]:
    """The rows of a text file, each with the line that it begins on.

    Raises :class:`ImportFault` ``import_bad_encoding`` and, while rows are read, ``import_bad_csv``.
    """
    text = decode(content)
    return _rows(text, _delimiter(text))


def decode(content: bytes) -> str:
    """The text of a file in whichever of the encodings it is. Raises :class:`ImportFault`."""
    for encoding in _candidates(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ImportFault("import_bad_encoding")


def _candidates(content: bytes) -> tuple[str, ...]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return (encoding,)
    head = content[:4096]
    if head.count(0) > len(head) // 8:  # UTF-16 without its mark: every Latin sign has a zero byte
        return ("utf-16-be",) if head[0::2].count(0) > head[1::2].count(0) else ("utf-16-le",)
    # What is GB18030 is hardly ever UTF-8 by chance, but nearly all UTF-8 is some GB18030.
    return ("utf-8", "gb18030")


def _delimiter(text: str) -> str:
    """The one by which most of the first rows are as wide as the headers, and then the widest."""

    def evidence(delimiter: str) -> tuple[int, int]:
        widths = []
        try:
            for row, _ in zip(_rows(text, delimiter), range(_LOOKED_AT), strict=False):
                if any(row.cells):
                    widths.append(len(row.cells))
        except ImportFault:
            pass
        if not widths or widths[0] == 1:
            return 0, 0
        return sum(width == widths[0] for width in widths), widths[0]

    return max(_DELIMITERS, key=evidence)


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise ImportFault("import_bad_csv", line) from None
        if cells is None:
            return
        yield Row(line, [cell.strip() for cell in cells], {})
