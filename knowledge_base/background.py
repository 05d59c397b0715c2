"""Everyday sentences that no company's articles are about: what to refuse is learned from them."""

from functools import cache
from importlib.resources import files


@cache
def everyday_sentences() -> tuple[str, ...]:
    """The package's own sentences, Chinese and English."""
    folder = files("knowledge_base") / "background"
    lines = (
        line.strip()
        for name in ("everyday.zh.txt", "everyday.en.txt")
        for line in (folder / name).read_text("utf-8").splitlines()
    )
    return tuple(line for line in lines if line and not line.startswith("#"))
