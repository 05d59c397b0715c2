"""Cells for files that people open in a spreadsheet."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: str) -> str:
    """The cell as text: a spreadsheet runs what begins like a formula, and what customers typed shall not be run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
