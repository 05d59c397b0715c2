"""What a message means for the dialog: words, taps and files in, commands out; rules only, no language model."""

from bot.flows.understanding.heard import ORDER_PATTERNS, Heard, Shown
from bot.flows.understanding.language import language_of
from bot.flows.understanding.understand import understand

__all__ = ["ORDER_PATTERNS", "Heard", "Shown", "language_of", "understand"]
