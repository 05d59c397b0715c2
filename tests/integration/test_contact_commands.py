"""``yingda contact set``, ``merge`` and ``unmerge`` as whoever sits at the machine types them."""

import asyncio
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.__main__ import main
from bot.outgoing.listing import list_shown
from bot.rehearsal.keys import RING
from bot.storage.database import make_engine
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.sql_store import SqlStore

SAID = Provenance("web", "customer", datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def run(addresses, tmp_path, monkeypatch, capsys):
    """Runs ``yingda ARGUMENTS`` on the test's database: exit code, output, errors."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("YINGDA_KEYS__RING", RING.document())
    monkeypatch.setenv("YINGDA_DEMO", "false")
    monkeypatch.chdir(tmp_path)

    def yingda(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return yingda


@pytest.fixture
def on_store(addresses, settings, keys):
    """Runs a coroutine function on the store of the test's database."""

    def run_on(work):
        async def opened():
            engine = make_engine(addresses.application_url, settings)
            try:
                return await work(SqlStore(engine, keys, Policy()))
            finally:
                await engine.dispose()

        return asyncio.run(opened())

    return run_on


def test_fields_are_set_checked_and_emptied(run, on_store):
    async def make(crm):
        return (await crm.upsert_contact(ExternalKey("shop", "1"), {"name": "王芳"}, SAID)).contact_id

    contact = on_store(make)
    code, out, err = run("contact", "set", str(contact), "phone=138 0013 8000", "name=")
    assert (code, out) == (0, f"{contact} is at version 2.\n"), err
    facts = on_store(lambda crm: crm.contact(contact)).facts
    assert {field: fact.value for field, fact in facts.items()} == {"phone": "+8613800138000"}
    assert facts["phone"].set_by.startswith("system:")
    assert run("contact", "set", str(contact), "phone=13800138000")[1].startswith("Nothing new")
    code, out, err = run("contact", "set", str(contact), "email=none")
    assert (code, out) == (1, "")
    assert err.startswith("Email: This is not a valid e-mail address")
    code, _, err = run("contact", "set", str(contact), "name=李雷", "--version", "1")
    assert (code, "version 2" in err) == (1, True)
    assert run("contact", "set", str(contact), "name")[0] == 2
    assert run("contact", "set", "019a0000-0000-7000-8000-000000000000", "name=x")[0] == 1


def test_contacts_are_merged_and_parted(run, on_store):
    async def make(crm):
        return [(await crm.upsert_contact(ExternalKey("shop", str(n)), {}, SAID)).contact_id for n in range(2)]

    one, other = on_store(make)
    code, out, err = run("contact", "merge", str(other), str(one), "--reason", "the customer said so")
    assert code == 0, err
    assert re.fullmatch(r"[0-9a-f-]{36}\n", out)
    assert on_store(lambda crm: crm.contact(other)).id == one
    code, _, err = run("contact", "merge", str(other), str(one), "--reason", "again")
    assert (code, err) == (1, "One customer already. These two are the same customer already.\n")
    assert run("contact", "unmerge", out.strip())[:2] == (0, "Taken back.\n")
    assert on_store(lambda crm: crm.contact(other)).id == other
    assert run("contact", "unmerge", out.strip())[0] == 1


def test_a_phone_is_confirmed_by_its_code(run, on_store, addresses, settings, keys):
    async def make(crm):
        return (await crm.upsert_contact(ExternalKey("shop", "1"), {"name": "王芳"}, SAID)).contact_id

    async def newest():
        engine = make_engine(addresses.application_url, settings)
        try:
            async with engine.connect() as connection:
                return (await list_shown(connection, keys))[0].letter.code
        finally:
            await engine.dispose()

    contact = str(on_store(make))
    code, out, err = run("contact", "confirm", contact, "phone=138 0013 8000")
    assert (code, "/dev/outgoing" in out) == (0, True), err
    digits = asyncio.run(newest())
    assert digits not in out
    # The code of one number says nothing about another.
    code, _, err = run("contact", "confirm", contact, "phone=13900139000", "--code", digits)
    assert (code, err) == (1, "This code is no longer good. Please ask for a new one.\n")
    wrong = f"{(int(digits) + 1) % 1_000_000:06}"
    code, _, err = run("contact", "confirm", contact, "phone=13800138000", "--code", wrong)
    assert (code, err) == (1, "That is not the code. Tries left: 4.\n")
    code, out, err = run("contact", "confirm", contact, "phone=+86 138 0013 8000", "--code", digits)
    assert (code, out) == (0, f"The phone of {contact} is verified.\n"), err
    phone = on_store(lambda crm: crm.contact(UUID(contact))).facts["phone"]
    assert (phone.value, phone.assurance, phone.source) == ("+8613800138000", "verified", "command")
    assert run("contact", "confirm", contact, "phone=12")[0] == 1
    assert run("contact", "confirm", contact, "name=x")[0] == 2
    assert run("contact", "confirm", "019a0000-0000-7000-8000-000000000000", "phone=13800138000")[0] == 1
    assert run("access", "list")[1].count("yingda contact confirm") == 2


def test_every_command_takes_the_newest_contact_by_its_word(run, on_store):
    code, _, err = run("contact", "set", "last", "name=王芳")
    assert (code, err.splitlines()[-1]) == (1, "There is no contact last.")

    async def make(crm):
        return [(await crm.upsert_contact(ExternalKey("shop", str(n)), {}, SAID)).contact_id for n in range(2)]

    older, newest = on_store(make)
    assert run("contact", "set", "last", "name=王芳")[:2] == (0, f"{newest} is at version 2.\n")
    assert run("contact", "show", "last")[1].startswith(f"{newest}  王芳")
    assert run("contact", "confirm", "last", "phone=13800138000")[0] == 0
    assert run("consent", "show", "last")[:2] == (0, "Nothing was ever asked or said.\n")
    code, _, err = run("contact", "merge", "last", str(older), "--reason", "one person")
    assert code == 0, err
    assert on_store(lambda crm: crm.contact(newest)).id == older


@pytest.mark.parametrize(
    "words",
    [
        ("contact", "show", "nobody"),
        ("contact", "set", "nobody", "name=x"),
        ("contact", "merge", "nobody", "last", "--reason", "x"),
        ("contact", "confirm", "nobody", "phone=13800138000"),
        ("consent", "show", "nobody"),
    ],
)
def test_every_command_says_that_it_knows_nobody_of_that_name(run, words):
    code, out, err = run(*words)
    assert (code, out, err.splitlines()[-1]) == (1, "", "There is no contact nobody.")
