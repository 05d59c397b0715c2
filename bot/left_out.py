"""What libraries would load along with what we use of them, and what nobody here calls: 16 MB in every process."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final, NoReturn

_NOT_CALLED: Final = (
    "rasa_sdk.plugin",  # hooks of Rasa's own action server; brings a second web server
    "ruamel.yaml",  # reads the files of Rasa's own action server
    "ruamel.yaml.constructor",
    "ruamel.yaml.error",
    "sqlalchemy.dialects.postgresql.asyncpg",  # other drivers than ours
    "sqlalchemy.dialects.postgresql.pg8000",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.dialects.postgresql.psycopg2cffi",
    "sqlalchemy.ext.asyncio.scoping",  # sessions of the object-relational mapper; we write SQL
    "sqlalchemy.ext.asyncio.session",
)


def leave_out() -> None:
    """Puts empty modules in the place of those, unless they are there already. Call it before anything is imported."""
    for name in _NOT_CALLED:
        sys.modules.setdefault(name, _Placeholder(name))
    # Log lines look the same wherever they are written, whatever a developer's tools have brought along.
    _load_without("rich", "structlog")
    # Tokens are signed with a shared key; other signatures would bring certificates and keys of every kind.
    _load_without("cryptography", "jwt")


def _load_without(absent: str, library: str) -> None:
    """Loads a library that looks for another one once, and does with less where it is not installed."""
    if absent in sys.modules or library in sys.modules:
        return
    sys.modules[absent] = None  # type: ignore[assignment]
    import_module(library)
    del sys.modules[absent]


class _Placeholder(ModuleType):
    """Has every name that its package asks for; whoever uses one is told where it was left out."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: object, **__: object) -> NoReturn:
            raise NotImplementedError(f"{self.__name__}.{name} is left out, see {__name__}")

        return type(name, (), {"__init__": refuse})
