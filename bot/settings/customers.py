"""The sections about customers and their data; their numbers carry the ids of the requirements."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from bot.settings.section import Section
from crm_adapter.encryption import Keyring, KeyringFault


class KeysSection(Section):
    file: Path | None = None
    """The keyring's file; unset: ``keyring.json`` in ``var_dir``, made at the first start."""
    ring: SecretStr | None = None
    """The keyring's document itself, from a secret store; wins over ``file``."""

    @field_validator("ring")
    @classmethod
    def _ring_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                Keyring.parse(value.get_secret_value())
            except KeyringFault as fault:
                raise ValueError(str(fault)) from None
        return value


class Imports(Section):
    """How large files of contacts may be."""

    file_bytes: Annotated[int, Field(ge=1024, le=512 * 1024 * 1024)] = 32 * 1024 * 1024
    unpacked_bytes: Annotated[int, Field(ge=1024, le=4096 * 1024 * 1024)] = 512 * 1024 * 1024
    """What the compressed parts of a workbook may come to."""
    rows: Annotated[int, Field(ge=1, le=2_000_000)] = 200_000
    columns: Annotated[int, Field(ge=1, le=1000)] = 200


class Crm(Section):
    controller: Annotated[str, Field(min_length=1, max_length=200)] = "暖居电器 / Nuanju Home Appliances"
    """Who answers for the data (PIPL 17); consent events are chained per controller."""
    jurisdiction: str = "CN"
    child_below_years: Annotated[int, Field(ge=14, le=18)] = 14
    """SL7, PIPL 31: below this age a guardian consents, and there is no marketing."""
    first_opinion_h: Annotated[float, Field(gt=0)] = 48.0
    """SL2: a complaint gets its first handling opinion within 48 h."""
    final_result_days: dict[str, Annotated[float, Field(gt=0)]] = {"default": 15.0}
    """SL8: the final result, per category of case."""
    purposes_file: Path | None = None
    """What data is used for, and the notices; unset: those of the demo company."""
    rules_file: Path | None = None
    """CP5-CP7: value classes, stages and tags; unset: the rules that ship."""
    rights_days: Annotated[int, Field(ge=1, le=365)] = 15
    """PIPL 50, in working days: a request about one's own data is answered within them."""
    unfollowed_days: Annotated[int, Field(ge=0, le=14)] | Literal["staff"] = 7
    """So many days after somebody unfollowed an official account they are erased, if nothing else is known of them and
    nothing of theirs is open; ``staff``: a person does it, as with every other request."""
    export_link_h: Annotated[float, Field(gt=0, le=168)] = 24.0
    """How long the link works under which a customer fetches their own data, once."""
    holidays_file: Path | None = None
    """Dates that override the calendar of public holidays, and those of years it does not know."""
    unlinked_s: Annotated[float, Field(gt=0)] = 10.0
    """How old a ledger event may be that is not yet linked into its chain."""
    access_review_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """PR4: how often it is reviewed who has access."""
    access_review_within_days: Annotated[int, Field(ge=1, le=366)] = 14
    """How long such a review may take."""
    imports: Imports = Imports()
    export_folder: Path | None = None
    """Where exports and backups are written; unset: ``exports`` in ``var_dir``."""


Days = Annotated[int, Field(ge=1, le=36500)] | Literal["keep"]
LongDays = Annotated[int, Field(ge=1095, le=36500)] | Literal["keep"]


class Retention(Section):
    """PR5: how many days each category is kept, or ``keep``; enforced every night.

    The consent ledger and the access log are chains and stay as they are (PIPL 56 wants three years at least, PIPL 69
    proof); mail and confirmation codes go by ``[mail]``.
    """

    interactions: Days = 1095
    """Messages and interactions; their attachments go with them at the latest."""
    attachments: Days = 1095
    orders: LongDays = 1095
    """E-Commerce Law 31: three years at least."""
    cases: Days = "keep"
    """Closed cases with their tasks, from the day they were closed."""
    opinions: Days = 1095
    """What customers said of answers and of the service, and their answers to questionnaires."""
    channel_events: Days = 90
    """That a platform told of follows, taps and the like, and the sealed text of what nobody understood."""
    sensitive: Days = 30
    """PR10: the identity card number, from the day when the last case or task of the customer was closed."""
    preferences: Days = 365
    """Preferences, needs and birthday, from the last thing the customer said or bought."""
    tags: Days = 365
    """Tags that people gave, and the history of all tags; the rules' own tags end with their reason."""
    imports: Days = 30
    """The rows that an import could not take, and those of an import that nobody starts."""
    exports: Annotated[int, Field(ge=1, le=90)] = 7
    """Files made for requests about one's own data."""
    visitors: Days = 90
    """Contacts of whom nothing is left, or who never said anything."""
