"""Facts that answer everything at once, and break on request: what a bad article or a bad flow would do."""

import os
import time

from bot.flows.facts import ArticleText, Candidate, Findings

RAISE = "fault: raise"
HANG = "fault: hang"
SPIN = "fault: spin"
DIE = "fault: die"
SLOW = "fault: slow"
HANG_S = 60.0
SLOW_S = 0.6
STATUS_OF_DEATH = 9


class FaultyFacts:
    """Implements :class:`bot.flows.facts.Facts`: every text is the question of an article that repeats it.

    A text that begins with a fault's name raises, sleeps or computes for a minute, ends the process on the spot, or
    takes ``SLOW_S`` seconds, within a decision's budget.
    """

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        if text.startswith(RAISE):
            raise RuntimeError("an article that raises")
        if text.startswith(HANG):
            time.sleep(HANG_S)
        if text.startswith(SPIN):
            until = time.monotonic() + HANG_S
            while time.monotonic() < until:
                pass
        if text.startswith(DIE):
            os._exit(STATUS_OF_DEATH)
        if text.startswith(SLOW):
            time.sleep(SLOW_S)
        return Findings("answer", (Candidate(text, text, 1.0),))

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        """See :class:`bot.flows.facts.Facts`."""
        return ArticleText(article_id, article_id, f"You said: {article_id}")
