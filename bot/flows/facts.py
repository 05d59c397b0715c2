"""What the dialog layer may ask about the world, synchronously and without I/O."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Verdict = Literal["answer", "choices", "nothing"]


class Candidate(NamedTuple):
    """One article that may answer, with its question in the customer's language; ``confidence`` is in 0..1."""

    article_id: str
    question: str
    confidence: float


class Wish(NamedTuple):
    """A flow that may be wanted; ``confidence`` is in 0..1, from .99 on the message is one of its examples."""

    flow: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Findings:
    """Best first; with ``answer`` the first candidate is sure enough to be given, with ``choices`` to be offered.

    ``wishes`` are the flows that the same search found, best first; ``sure`` says that the first may be started without
    asking back, if a wish it is: ``lead`` is the logarithm of the odds of that against any article.
    """

    verdict: Verdict
    candidates: tuple[Candidate, ...]
    wishes: tuple[Wish, ...] = ()
    sure: bool = False
    lead: float = 0.0


@dataclass(frozen=True, slots=True)
class ArticleText:
    """An article in one language; ``related`` are pairs of id and question."""

    article_id: str
    question: str
    answer: str
    related: tuple[tuple[str, str], ...] = ()


class Facts(Protocol):
    """Read from memory only: it is asked while the conversation's lock is held."""

    def search(self, text: str, locale: str) -> Findings:
        """What the knowledge base has for a question."""
        ...

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        """One article, or ``None`` when there is none of that id today."""
        ...
