"""What stands in a company's own files has its words in all three languages."""

from typing import cast

from pydantic import field_validator

from bot.settings.section import LOCALES, Locale, Section

Words = dict[Locale, str]


class Worded(Section):
    """A part of such a file; whichever of these fields it has must have every language."""

    @field_validator(
        "label", "name", "value", "for_whom", "currency", "text", "title", "thanks", mode="after", check_fields=False
    )
    @classmethod
    def _in_all_languages(cls, value: Words) -> Words:
        missing = [locale for locale in LOCALES if not value.get(locale)]
        if missing:
            raise ValueError(f"is missing in {', '.join(missing)}")
        return value


def in_language(text: Words, locale: str) -> str:
    """The wording in a language, in English for one we lack."""
    return cast("dict[str, str]", text).get(locale) or text["en"]
