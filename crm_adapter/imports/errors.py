"""What is wrong with a file or an order to import it; a single bad row is no error but a rejection."""


class ImportFault(Exception):
    """The import cannot be done as it is. ``code`` has a text in every language, which the ``values`` complete.

    ``line`` is the file's line or the sheet's row, where there is one to blame.
    """

    def __init__(self, code: str, line: int | None = None, **values: object) -> None:
        super().__init__(code if line is None else f"line {line}: {code}")
        self.code = code
        self.line = line
        self.values = values
