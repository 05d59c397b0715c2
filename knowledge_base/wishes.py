"""What customers want done, by example sentences: searched with the articles, though no article answers it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from knowledge_base.articles import Article

PREFIX: Final = "flow:"
"""How the id of a wish begins; an article's own id has no colon."""


def is_wish(article_id: str) -> bool:
    """Whether an id is that of a wish."""
    return article_id.startswith(PREFIX)


def wishes_from(examples: Iterable[tuple[str, Mapping[str, Sequence[str]]]]) -> list[Article]:
    """Wishes from pairs of a name and its example sentences by locale; one without a sentence is left out."""
    found = []
    for name, by_locale in examples:
        given = {locale: tuple(texts) for locale, texts in by_locale.items() if texts}
        if given:
            found.append(
                Article(
                    f"{PREFIX}{name}",
                    question={locale: texts[0] for locale, texts in given.items()},
                    variants={locale: texts[1:] for locale, texts in given.items()},
                )
            )
    return found
