"""A day of chats and of staff at work; then the whole database and every file is searched for what people said."""

import asyncio
import base64
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import jwt
import psycopg
import pytest

from bot.customers import open_crm
from bot.rehearsal.keys import KEYS
from bot.rehearsal.session import Session
from bot.rehearsal.visitors import SocketVisitor
from bot.storage.database import Addresses, make_engine
from bot.storage.embedded.binaries import find_binaries
from crm_adapter.records.consent import NewConsentEvent
from crm_adapter.records.customers import ExternalKey, NewInteraction, Provenance
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.sql_store import SqlStore
from tests.conftest import SUPERUSER
from tests.integration.shop_front import CHANNELS, SECRET
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SAID = (
    "我的冰箱夜里像拖拉机一样响",
    "我叫欧阳朝阳，手机是 139 1234 5678",
    "my mailbox is zhaoyang@ouyang.example.com",
    "请送到海淀区知春路一百零八号",
    "身份证号是 11010519491231002X",
)
PLANTED = (
    *SAID,
    "欧阳朝阳",
    "13912345678",
    "139 1234 5678",
    "zhaoyang@ouyang.example.com",
    "海淀区知春路一百零八号",
    "知春路",
    "11010519491231002X",
    "像拖拉机一样",
    "冰箱发票.png",
    "冰箱发票",
    "赔一台新的",
    "下午打她单位电话",
    "是的，我愿意收到关怀消息",
    "可以给您发关怀消息吗，朝阳",
    "SHOP-KEY-77123",
    "喜欢安静的小家电",
)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def server(demo_addresses: Addresses, tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(demo_addresses, tmp_path, YINGDA_LOG_LEVEL="debug", YINGDA_CHANNELS=CHANNELS) as server:
        yield server


def vouched() -> str:
    """The shop's word for a customer whom it knows by mail address."""
    claims = {"aud": "yingda:shop", "sub": "zhaoyang@ouyang.example.com", "jti": uuid4().hex}
    return jwt.encode({**claims, "exp": datetime.now(UTC) + timedelta(minutes=5)}, SECRET, "HS256")


async def chat(server: LiveServer) -> None:
    """A visitor, and a customer of the shop's, say who they are and send a picture."""
    async with aiohttp.ClientSession() as http:
        visitor = SocketVisitor(Session(http, [server.url]))
        for text in SAID:
            await visitor.say(text)
        await visitor.close()
        base = f"{server.url}/channels/shop"
        async with http.post(f"{base}/session", json={"identity": vouched(), "locale": "zh-Hans"}) as reply:
            assert reply.status == 200, await reply.text()
            token = {"Authorization": f"Bearer {(await reply.json())['token']}"}
        form = aiohttp.FormData()
        form.add_field("file", PNG, filename="冰箱发票.png", content_type="image/png")
        async with http.post(f"{base}/blobs", data=form, headers=token) as reply:
            assert reply.status == 201, await reply.text()
            blob = await reply.json()
        frame = {"client_msg_id": "m1", "text": SAID[0], "attachments": [blob["id"]]}
        async with http.post(f"{base}/messages", json=frame, headers=token) as reply:
            assert reply.status == 200, await reply.text()
        # What is wrong is told to its sender, and not to the log.
        async with http.post(f"{base}/messages", json={"text": SAID[1], "client_msg_id": "？"}, headers=token) as reply:
            assert reply.status == 400


async def work(crm: SqlStore, contact_id: UUID) -> None:
    """What staff and customer put into one profile."""
    told = Provenance("web", "customer", NOW)
    facts = {
        "name": "欧阳朝阳",
        "phone": "139 1234 5678",
        "email": "zhaoyang@ouyang.example.com",
        "address": "海淀区知春路一百零八号",
        "id_number": "11010519491231002X",
        "preferences": "喜欢安静的小家电",
    }
    await crm.set_fields(contact_id, facts, told)
    await crm.upsert_contact(ExternalKey("shop", "SHOP-KEY-77123"), {"name": "欧阳朝阳"}, told)
    await crm.link_identity(contact_id, "email", "email", "zhaoyang@ouyang.example.com", "verified", told)
    visit = NewInteraction(contact_id, "visit", "staff", "out", NOW, "下午打她单位电话")
    await crm.append_interaction("visit:1", visit)
    new = NewCase(
        contact_id,
        "complaint",
        "noise",
        SAID[0],
        NOW,
        "customer",
        remedy="赔一台新的",
        reach="13912345678",
        owner_id=uuid4(),
    )
    case = await crm.open_case("case:1", new)
    await crm.transition_case(case.id, "investigating", "staff:1", "下午打她单位电话")
    await crm.add_task("task:1", NewTask(contact_id, "call_back", "下午打她单位电话", NOW, "staff:1", case_id=case.id))
    await crm.tag(contact_id, "vip", "staff:1", "喜欢安静的小家电")
    await crm.record_consent(
        NewConsentEvent(
            contact_id=contact_id,
            event="granted",
            purpose="care_messages",
            channel="web",
            told_on="web",
            assurance="verified",
            locale="zh-Hans",
            prompt="可以给您发关怀消息吗，朝阳",
            reply="是的，我愿意收到关怀消息",
            prompt_message_id="1",
            reply_message_id="2",
            method="chat",
            actor="customer",
            occurred_at=NOW,
        )
    )


def forms(text: str) -> dict[str, bytes]:
    """How a text may stand in a dump: as it is, as PostgreSQL writes bytes, as JSON escapes it, in base64."""
    raw = text.encode()
    shifted = (base64.b64encode(b" " * shift + raw)[4:-4] for shift in range(3))
    found = {"clear": raw, "hex": raw.hex().encode(), "json": text.encode("unicode_escape")}
    found["gb18030"] = text.encode("gb18030")
    return found | {f"base64 {number}": part for number, part in enumerate(shifted) if len(part) >= 12}


def leaks(content: bytes) -> list[str]:
    return [f"{text} as {form}" for text in PLANTED for form, wanted in forms(text).items() if wanted in content]


def dump(url: str) -> bytes:
    """The whole database as SQL."""
    program = find_binaries().program("pg_dump")
    return subprocess.run([program, "--dbname", url], capture_output=True, check=True, timeout=120).stdout


def wait_until_settled(addresses: Addresses) -> None:
    """Returns when everything is indexed and linked; fails after half a minute."""
    deadline, row = time.monotonic() + 30, None
    with psycopg.connect(addresses.owner_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM crm.grams), (SELECT count(*) FROM crm.unlinked)"
            ).fetchone()
            if row is not None and row[0] >= len(SAID) and row[1] == 0:
                return
            time.sleep(0.2)
    raise AssertionError(row)


async def test_a_day_leaves_nothing_in_clear(
    server: LiveServer, demo_addresses: Addresses, settings, tmp_path: Path, cluster: Callable[[str, str], str]
) -> None:
    await chat(server)
    engine = make_engine(demo_addresses.application_url, settings)
    crm = open_crm(settings, engine, KEYS)
    contact_id = await crm.find_by_identity("web", "shop", "user:zhaoyang@ouyang.example.com")
    assert contact_id is not None
    await work(crm, contact_id)
    assert (await crm.contact(contact_id)).facts["name"].value == "欧阳朝阳", "we can read what others cannot"

    await asyncio.to_thread(wait_until_settled, demo_addresses)
    await engine.dispose()
    await asyncio.to_thread(server.stop)

    name = psycopg.conninfo.conninfo_to_dict(demo_addresses.owner_url)["dbname"]
    url = cluster(SUPERUSER, str(name))
    whole = await asyncio.to_thread(dump, url)
    assert b"zh-Hans" in whole
    assert b"care_messages" in whole
    assert leaks(whole) == []
    for path in sorted(tmp_path.rglob("*")):  # noqa: ASYNC240 - nothing else is running
        if path.is_file():
            assert leaks(path.read_bytes()) == [], path

    with psycopg.connect(url) as connection:
        planted = "INSERT INTO bot.sign_in_failures (id, name_hash, address) VALUES (%s, '', '知春路')"
        connection.execute(planted, (uuid4(),))
        connection.commit()
    assert leaks(await asyncio.to_thread(dump, url)) == ["知春路 as clear"], "and the search would have found it"
