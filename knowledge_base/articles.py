"""What an article is: one question, other wordings of it and its answer, in one or more languages."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from knowledge_base.locales import LOCALES, fallbacks, to_simplified, to_traditional


@dataclass(frozen=True, slots=True)
class Article:
    """One article; texts are by locale (``zh-Hans``, ``zh-Hant``, ``en``). An answer may be missing when measuring."""

    id: str
    question: Mapping[str, str]
    answer: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None

    def question_in(self, locale: str) -> str:
        """The question in a locale, or in the nearest one there is; empty only where there is none."""
        return _nearest(self.question, locale)

    def answer_in(self, locale: str) -> str:
        """The answer in a locale, or in the nearest one there is; empty only where there is none."""
        return _nearest(self.answer, locale)

    def holds_on(self, day: date) -> bool:
        """Whether the article is valid on a day; both of its dates belong to it."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def wordings(self) -> Iterator[tuple[str, ...]]:
        """Every question and variant in every language; one wording in both Chinese scripts comes as one."""
        listed = {
            locale: [text for text in (self.question.get(locale), *self.variants.get(locale, ())) if text]
            for locale in LOCALES
        }
        simplified, traditional = listed["zh-Hans"], listed["zh-Hant"]
        if len(simplified) == len(traditional):
            yield from zip(simplified, traditional, strict=True)
        else:
            yield from ((text,) for text in simplified + traditional)
        yield from ((text,) for text in listed["en"])

    def content_hash(self) -> str:
        """A SHA-256 in hexadecimal of everything the article says; equal articles have equal hashes."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The article as plain values; :func:`article_from_json` makes an equal one of them."""
        return {
            "id": self.id,
            "question": dict(self.question),
            "answer": dict(self.answer),
            "variants": {locale: list(wordings) for locale, wordings in self.variants.items()},
            "tags": list(self.tags),
            "related": list(self.related),
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }


def article_from_json(values: Mapping[str, Any]) -> Article:
    """The article that :meth:`Article.as_json` described."""
    return Article(
        id=values["id"],
        question=dict(values["question"]),
        answer=dict(values["answer"]),
        variants={locale: tuple(wordings) for locale, wordings in values["variants"].items()},
        tags=tuple(values["tags"]),
        related=tuple(values["related"]),
        valid_from=date.fromisoformat(values["valid_from"]) if values["valid_from"] else None,
        valid_until=date.fromisoformat(values["valid_until"]) if values["valid_until"] else None,
    )


def with_both_scripts(article: Article) -> Article:
    """The article with the Chinese script it lacks, converted from the one it has.

    Done once when an article comes in: a serving process then never loads the phrase dictionaries, and what Taiwan
    says otherwise (品質 for 质量) becomes an example of its own.
    """
    for source, target, convert in (
        ("zh-Hans", "zh-Hant", to_traditional),
        ("zh-Hant", "zh-Hans", to_simplified),
    ):
        question, answer, variants = dict(article.question), dict(article.answer), dict(article.variants)
        for texts in (question, answer):
            if source in texts and target not in texts:
                texts[target] = convert(texts[source])
        if source in variants and target not in variants:
            variants[target] = tuple(convert(wording) for wording in variants[source])
        article = replace(article, question=question, answer=answer, variants=variants)
    return article


def revision_of(hashes: Iterable[tuple[str, str]]) -> str:
    """A SHA-256 in hexadecimal of a whole set, from pairs of article id and content hash in any order."""
    digest = hashlib.sha256()
    for identifier, content in sorted(hashes):
        digest.update(f"{identifier}\0{content}\n".encode())
    return digest.hexdigest()


def _nearest(texts: Mapping[str, str], locale: str) -> str:
    return next((texts[each] for each in fallbacks(locale) if each in texts), "")
