"""What libraries would load along with what we use of them, and what nobody here calls: 13 MB in every process."""

import sys
from types import ModuleType
from typing import Any, Final, NoReturn

_NOT_CALLED: Final = (
    "rasa_sdk.plugin",  # hooks of Rasa's own action server; brings a second web server
    "sqlalchemy.ext.asyncio.scoping",  # sessions of the object-relational mapper; we write SQL
    "sqlalchemy.ext.asyncio.session",
)


def leave_out() -> None:
    """Puts empty modules in the place of those, unless they are there already. Call it before anything is imported."""
    for name in _NOT_CALLED:
        sys.modules.setdefault(name, _Placeholder(name))
    if "structlog" not in sys.modules and "rich" not in sys.modules:
        # Log lines look the same wherever they are written, whatever a developer's tools have brought along.
        sys.modules["rich"] = None  # type: ignore[assignment]
        import structlog  # noqa: F401 - it looks for rich once

        del sys.modules["rich"]


class _Placeholder(ModuleType):
    """Has every name that its package asks for; whoever uses one is told where it was left out."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: object, **__: object) -> NoReturn:
            raise NotImplementedError(f"{self.__name__}.{name} is left out, see {__name__}")

        return type(name, (), {"__init__": refuse})
