"""The file format of a questionnaire, and what a customer's words mean as the answer to one of its questions."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from bot.faults import SettingsFault
from bot.flows.understanding.choices import places_named
from bot.flows.understanding.plain import core, plain
from bot.flows.understanding.values.labels import find_label
from bot.flows.understanding.values.numerals import chinese_number
from bot.handlers.worded import Worded, Words, in_language

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Answer = str | int | list[str]
LONGEST = 2000
_PARTS = re.compile(r"[,;/+&、\s]+|(?:和|跟|与|與|及|还有|還有|以及)|\band\b")
_NUMBER = re.compile(
    r"(?:第|选|選|option |number )?\s?(\d{1,2}|[一二两兩三四五六七八九十]{1,2})\s?(?:个|個|项|項|分|号|號|星|stars?)?"
)


class Option(Worded):
    id: Name
    label: Words


class Question(Worded):
    id: Name
    type: Literal["choice", "multiple", "rating", "text"]
    text: Words
    options: tuple[Option, ...] = ()
    scale: Annotated[int, Field(ge=2, le=10)] = 5
    """A rating goes from 1 to this."""
    optional: bool = False

    @model_validator(mode="after")
    def _options_fit_the_type(self) -> "Question":
        ids = [one.id for one in self.options]
        if self.type in ("choice", "multiple") and not 2 <= len(ids) <= 20:
            raise ValueError("2 to 20 options")
        if self.type in ("rating", "text") and ids:
            raise ValueError("options belong to choice and multiple")
        if len(set(ids)) < len(ids):
            raise ValueError("every option needs an id of its own")
        return self

    def choices(self, locale: str) -> Sequence[tuple[str, str]]:
        """What is offered: value and label of each."""
        if self.type == "rating":
            return [(str(number), str(number)) for number in range(1, self.scale + 1)]
        return [(one.id, in_language(one.label, locale)) for one in self.options]

    def read(self, said: str) -> Answer | None:
        """The answer that words mean; ``None`` where they are none."""
        words = said.strip()
        if self.type == "text":
            return words[:LONGEST] or None
        if self.type == "rating":
            number = _number(core(plain(words)))
            return number if number is not None and 1 <= number <= self.scale else None
        if self.type == "choice":
            return self._option(words)
        whole = self._option(words)
        if whole is not None:
            return [whole]
        if places := places_named(plain(words), len(self.options)):
            return [self.options[place].id for place in places]
        parts = [part for part in _PARTS.split(plain(words)) if core(part)]
        found = [self._option(part) for part in parts]
        return list(dict.fromkeys(one for one in found if one)) if found and all(found) else None

    def _option(self, said: str) -> str | None:
        """By id, by place or by label, in whatever language."""
        ids = [one.id for one in self.options]
        words = core(plain(said))
        if said in ids:
            return said
        number = _number(words)
        if number is not None:
            return ids[number - 1] if 1 <= number <= len(ids) else None
        return find_label(words, {one.id: tuple(one.label.values()) for one in self.options})


class Questionnaire(Worded):
    id: Name
    version: Annotated[str, Field(min_length=1, max_length=40)]
    title: Words
    thanks: Words
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _questions_differ(self) -> "Questionnaire":
        ids = [one.id for one in self.questions]
        if len(set(ids)) < len(ids):
            raise ValueError("every question needs an id of its own")
        return self

    def next_question(self, done: Mapping[str, Any]) -> tuple[int, Question] | None:
        """The first one that is neither answered nor skipped, with its number from 1."""
        return next((one for one in enumerate(self.questions, 1) if one[1].id not in done), None)

    def worth_keeping(self, done: Mapping[str, Any]) -> dict[str, Answer]:
        """The answers to questions that there are today; those that were skipped are left out."""
        ids = {one.id for one in self.questions}
        return {name: answer for name, answer in done.items() if name in ids and answer is not None}


@cache
def read_questionnaires(folder: Path | None) -> Mapping[str, Questionnaire]:
    """Every questionnaire of a folder, or the demo company's, by id.

    Raises :class:`SettingsFault` with file and place of whatever is wrong.
    """
    source = (files("bot.handlers") / "questionnaires") if folder is None else folder
    found: dict[str, Questionnaire] = {}
    faults: list[str] = []
    try:
        entries = sorted(
            (one for one in source.iterdir() if one.name.endswith((".yml", ".yaml"))), key=lambda e: e.name
        )
    except OSError as fault:
        raise SettingsFault([f"service.opinions.questionnaires: {fault}"]) from None
    for entry in entries:
        try:
            one = Questionnaire.model_validate(yaml.safe_load(entry.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
            faults.append(f"{entry.name}: {fault}")
        except ValidationError as fault:
            told = fault.errors(include_url=False, include_input=False)
            faults += [f"{entry.name}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in told]
        else:
            if one.id in found:
                faults.append(f"{entry.name}: there are two questionnaires {one.id}")
            found[one.id] = one
    if faults:
        raise SettingsFault(faults)
    return found


def _number(words: str) -> int | None:
    match = _NUMBER.fullmatch(words)
    if match is None:
        return None
    number = float(match[1]) if match[1].isdecimal() else chinese_number(match[1])
    return None if number is None else int(number)
