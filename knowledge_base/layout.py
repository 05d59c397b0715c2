"""The layout of an article's file, checked key by key."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from knowledge_base.articles import Article
from knowledge_base.locales import LOCALES
from knowledge_base.nodes import Node, checked_text

Content = TypeVar("Content")

KEYS: Final = ("id", "tags", "valid_from", "valid_until", "question", "variants", "answer", "related")
MAX_QUESTION: Final = 500
MAX_ANSWER: Final = 8_000
MAX_NAME: Final = 100
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ANY_LOCALE: Final = f"one of {', '.join(LOCALES)}"


def read_article(root: Node, stem: str, body: str | None) -> Article | None:
    """The article of one file; ``None`` when ``root.faults`` has gained any.

    ``stem`` is the file's name without its ending, which the id must equal. ``body`` is the Markdown below the front
    matter: the answer in the language that the front matter names.
    """
    known = root.members("article", KEYS if body is None else (*KEYS, "language"))
    language = None if body is None else _language(root, known)
    if body is not None and language is None:
        return None
    identifier = _identifier(root, known, stem)
    question = _by_locale(known, "question", language, lambda node: node.text("question", MAX_QUESTION))
    variants = _by_locale(known, "variants", language, _wordings)
    answer = _by_locale(known, "answer", None, lambda node: node.text("answer", MAX_ANSWER))
    if body is not None and language is not None:
        if language in answer:
            known["answer"].wrong(f"answer: {language} is the text below the front matter already")
        answer[language] = checked_text(root, body, "the text below the front matter", MAX_ANSWER)
    for name, texts in (("question", question), ("answer", answer)):
        if not texts and name not in known:
            root.wrong(f"{name}: is missing")
    start, end = (known[key].day(key) if key in known else None for key in ("valid_from", "valid_until"))
    if start and end and start > end:
        known["valid_until"].wrong("valid_until: is before valid_from")
    tags, related = (_names(known, key) for key in ("tags", "related"))
    if identifier in related:
        known["related"].wrong("related: names the article itself")
    if root.faults:
        return None
    return Article(identifier, question, answer, variants, tags, related, start, end)


def _language(root: Node, known: dict[str, Node]) -> str | None:
    if "language" not in known:
        root.wrong(f"language: is missing; it names the language of the text below, {_ANY_LOCALE}")
        return None
    language = known["language"].text("language", MAX_NAME)
    if language in LOCALES:
        return language
    known["language"].wrong(f"language: expected {_ANY_LOCALE}")
    return None


def _identifier(root: Node, known: dict[str, Node], stem: str) -> str:
    if "id" not in known:
        root.wrong("id: is missing")
        return ""
    identifier = known["id"].text("id", MAX_NAME)
    if identifier and not _ID.fullmatch(identifier):
        known["id"].wrong("id: expected lower-case letters, digits and single hyphens")
    elif identifier and identifier != stem:
        known["id"].wrong(f"id: expected {stem}, the file's name")
    return identifier


def _by_locale(
    known: dict[str, Node], key: str, language: str | None, read: Callable[[Node], Content]
) -> dict[str, Content]:
    """What a key says in each language; in front matter, without languages, it is in the file's own."""
    if key not in known:
        return {}
    node = known[key]
    if language is not None and not node.is_mapping():
        return {language: read(node)}
    if node.is_empty():
        node.wrong(f"{key}: is in no language")
    return {locale: read(value) for locale, value in node.members(key, LOCALES).items()}


def _wordings(node: Node) -> tuple[str, ...]:
    return tuple(item.text("variants", MAX_QUESTION) for item in node.items("variants"))


def _names(known: dict[str, Node], key: str) -> tuple[str, ...]:
    if key not in known:
        return ()
    names = [item.text(key, MAX_NAME) for item in known[key].items(key)]
    if len(set(names)) < len(names):
        known[key].wrong(f"{key}: a name is there twice")
    return tuple(names)
