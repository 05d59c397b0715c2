"""A damaged, lost or foreign data key: the customer is answered all the same, and nobody's page breaks."""

import psycopg
import pytest

from bot.storage.blobs import BlobStore
from bot.turns.take import TurnUnavailable
from bot.turns.thread import Thread
from crm_adapter.identify import Sender
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from tests.integration.consent_store import as_superuser
from tests.integration.test_turns import echo, rows, say, turns_with

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
SENDER = Sender("web", "shop", "visitor:1", "anonymous", "en")
DAMAGE = {
    "changed": "UPDATE vault.data_keys SET wrapped = set_byte(wrapped, 20, (get_byte(wrapped, 20) + 1) % 256)",
    "cut short": "UPDATE vault.data_keys SET wrapped = '\\x01'",
    "empty": "UPDATE vault.data_keys SET wrapped = ''",
    "gone": "DELETE FROM vault.data_keys",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
async def test_the_customer_is_answered(engine, pool, keys, addresses, damage):
    turns, first = turns_with(pool, echo, 2.0), say("one")
    taken = await turns.take(first)
    as_superuser(addresses.owner_url, damage)
    assert [one.body for one in await Thread(pool, keys, "shop", "visitor:1").after(0)] == [{"text": "[…]"}] * 2
    assert (await turns.take(first)).duplicate
    assert (await turns.take(say("two"))).answers[0].body == {"text": "1: two"}
    assert (await turns.take(say("three"))).answers[0].body == {"text": "2: three"}
    assert (await turns.take(first)).identity_id == taken.identity_id
    ((contact_id,),) = await rows(pool, "SELECT id FROM crm.contacts")
    assert (await SqlStore(engine, keys, Policy()).contact(contact_id)).id == contact_id


async def test_a_damaged_key_is_kept_for_what_it_sealed_and_goes_with_the_person(engine, pool, keys, addresses):
    turns = turns_with(pool, echo, 2.0)
    await turns.take(say("one"))
    as_superuser(addresses.owner_url, DAMAGE["changed"])
    await turns.take(say("two"))
    assert await rows(pool, "SELECT count(*) FROM vault.data_keys") == [(2,)]
    ((contact_id,),) = await rows(pool, "SELECT id FROM crm.contacts")
    (identity,) = (await SqlStore(engine, keys, Policy()).contact(contact_id)).identities
    assert identity.external_id == "visitor:1"
    async with pool.connection() as connection:
        await connection.execute("SELECT crm.erase_people(ARRAY[%s]::uuid[], '{}')", (contact_id,))
    assert await rows(pool, "SELECT count(*) FROM vault.data_keys") == [(0,)]


async def test_a_key_wrapped_with_what_this_node_lacks_is_left_alone(pool, addresses):
    """After a rotation another node may have the keyring already: a new key would cut the customer's thread."""
    turns = turns_with(pool, echo, 2.0)
    await turns.take(say("one"))
    as_superuser(addresses.owner_url, "UPDATE vault.data_keys SET kek = 'another'")
    with pytest.raises(TurnUnavailable):
        await turns.take(say("two"))
    assert await rows(pool, "SELECT count(*) FROM vault.data_keys") == [(1,)]


async def test_a_file_is_taken_with_a_damaged_key(pool, keys, addresses, tmp_path):
    blobs = BlobStore(tmp_path, pool, keys)
    await blobs.put(SENDER, "a.png", PICTURE)
    as_superuser(addresses.owner_url, DAMAGE["changed"])
    blob = await blobs.put(SENDER, "b.png", PICTURE)
    assert (await blobs.read(blob.id))[1] == PICTURE


async def test_a_file_of_somebody_erased_meanwhile_is_somebody_news(pool, keys, addresses, tmp_path, monkeypatch):
    blobs, write = BlobStore(tmp_path, pool, keys), BlobStore._write
    erased = []

    def erase_first(path, *rest):
        write(path, *rest)
        if not erased:
            erased.append(path)
            with psycopg.connect(addresses.application_url) as connection:
                connection.execute("SELECT crm.erase_people(ARRAY(SELECT id FROM crm.contacts), '{}')")

    monkeypatch.setattr(blobs, "_write", erase_first)
    blob = await blobs.put(SENDER, "a.png", PICTURE)
    assert (await blobs.read(blob.id))[1] == PICTURE
    assert not erased[0].exists()
