"""A trained engine as bytes and back: trained once, in a process of its own, and loaded by every other."""

import hashlib
import io
import pickle
import zlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from knowledge_base.articles import Article
from knowledge_base.engine import Engine

_FOLDER: Final = "knowledge_base"
_ALLOWED: Final = frozenset(
    {
        ("knowledge_base.engine", "Engine"),
        ("knowledge_base.matcher", "Matcher"),
        ("knowledge_base.matcher", "Groups"),
        ("knowledge_base.scoring", "Scoring"),
        ("knowledge_base.vectors", "VectorSpace"),
        ("knowledge_base.calibration", "Calibration"),
        ("builtins", "frozenset"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)


class UnknownContent(ValueError):
    """The bytes are not an engine that this program packed."""


class _Reader(pickle.Unpickler):
    """Makes nothing but the classes an engine consists of: the bytes come from a database, not from ourselves."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise UnknownContent(f"{module}.{name}")
        return super().find_class(module, name)


def pack(engine: Engine | None) -> bytes:
    """The engine as bytes; ``None`` is what there is when no article has an example."""
    return zlib.compress(pickle.dumps(engine, protocol=5), level=1)


def unpack(content: bytes) -> Engine | None:
    """The engine that :func:`pack` made bytes of; raises :class:`UnknownContent` for anything else."""
    try:
        engine = _Reader(io.BytesIO(zlib.decompress(content))).load()
    except UnknownContent:
        raise
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to ask for
        raise UnknownContent(type(error).__name__) from None
    if engine is not None and not isinstance(engine, Engine):
        raise UnknownContent(type(engine).__name__)
    return engine


def engine_key(articles: Iterable[Article]) -> str:
    """Names what training on these articles with this program's code and word lists gives."""
    digest = hashlib.sha256(_code_mark().encode())
    for identifier, content in sorted((article.id, article.content_hash()) for article in articles):
        digest.update(f"{identifier}\0{content}\n".encode())
    return digest.hexdigest()


@cache
def _code_mark() -> str:
    """Changes with any line of this package and of its word lists: an engine of other code is another engine."""
    digest = hashlib.sha256()
    for entry in _sources(files(_FOLDER)):
        digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return digest.hexdigest()


def _sources(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir() and entry.name not in ("__pycache__", "demo", "migrations"):
            found += _sources(entry)
        elif entry.name.endswith((".py", ".txt", ".yaml", ".yml")):
            found.append(entry)
    return found
