"""What every channel shares: how it refuses what is not a message."""


class BadInbound(ValueError):
    """A channel was sent something that is not a message; ``code`` is stable, ``values`` fill in its sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
