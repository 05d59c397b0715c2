"""Mail and text messages against real servers: what comes out of each way a delivery can end."""

import asyncio
import socket

import pytest
from sqlalchemy import delete, select, text
from uuid_utils.compat import uuid7

from bot.outgoing import Message, Outgoing
from bot.outgoing.delivery import MOST_ATTEMPTS, deliver
from bot.outgoing.tables import outgoing_messages
from bot.outgoing.texts import Written
from bot.settings import Mail, Settings, Sms
from crm_adapter.encryption import Keyring, Keys
from crm_adapter.encryption.vault import make_key
from crm_adapter.tables import contacts, data_keys
from tests.integration.outgoing_providers import mail_server, state_of, text_service

TEXT = "您的验证码是 246802。\n.\nÜberfällig\n"
TO = "wang.fang@example.com"


@pytest.fixture
def keys() -> Keys:
    ring = Keyring.fresh()
    return Keys(lambda: ring)


def with_mail(settings: Settings, port: int, **more: object) -> Settings:
    mail = Mail(host="127.0.0.1", port=port, tls="none", sender="service@nuanju.example", timeout_s=2, **more)
    return settings.model_copy(update={"mail": mail})


def with_sms(settings: Settings, url: str, **more: object) -> Settings:
    template = {
        "headers": {"Authorization": "Bearer {key}"},
        "secrets": {"key": "s3cret"},
        "body": {"phone": "{to}", "content": "{text}", "params": [{"code": "{code}"}]},
        "success_path": "result.code",
        "success_values": ["OK"],
        "id_path": "result.id",
        "timeout_s": 2,
        **more,
    }
    return settings.model_copy(update={"sms": Sms(url=url, **template)})


async def enqueue(engine, outgoing: Outgoing, kind="mail", to=TO, subject="验证码", body=TEXT, **more):
    async with engine.begin() as connection:
        return await outgoing.enqueue(
            connection, Message(kind, "confirmation", to, Written(subject, body), code="246802", **more)
        )


async def jobs(engine) -> list[tuple[str, dict]]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT task_name, args FROM procrastinate_jobs ORDER BY id"))
        return [tuple(row) for row in rows]


async def test_a_mail_arrives_as_it_was_written(engine, pool, settings, keys):
    async with mail_server() as server:
        settings = with_mail(settings, server.port)
        number = await enqueue(engine, Outgoing(settings, keys))
        assert await jobs(engine) == [("outgoing:deliver", {"message_id": str(number)})]
        await deliver(settings, keys, pool, number)
        await deliver(settings, keys, pool, number)
    (mail,) = server.mails
    assert await state_of(engine, number) == ("sent", None, 1)
    assert mail["Subject"] == "验证码"
    assert mail["To"] == TO
    assert mail["From"] == "暖居电器 <service@nuanju.example>"
    assert mail["Message-ID"] == f"<{number}@nuanju.example>"
    assert mail.get_content().replace("\r\n", "\n") == TEXT


async def test_nothing_stands_in_clear(engine, settings, keys):
    await enqueue(engine, Outgoing(settings, keys))
    async with engine.connect() as connection:
        row = (await connection.execute(select(text("m::text")).select_from(text("bot.outgoing_messages m")))).scalar()
        raw = (await connection.execute(select(outgoing_messages))).one()
    everything = row.encode() + b"".join(value for value in raw if isinstance(value, bytes))
    for planted in (TO, "246802", "验证码", "Überfällig"):
        assert planted.encode() not in everything


@pytest.mark.parametrize("name", ["Eve\r\nBcc: all@example.com", "Eve\nBcc: all@example.com", "Eve\u2028Bcc: x"])
async def test_no_name_makes_a_header(engine, pool, settings, keys, name):
    async with mail_server() as server:
        settings = with_mail(settings, server.port, sender_name=dict.fromkeys(("zh-Hans", "zh-Hant", "en"), name))
        number = await enqueue(engine, Outgoing(settings, keys), subject=name)
        await deliver(settings, keys, pool, number)
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Eve Bcc:")
    assert server.recipients == [TO]


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("客服@例子.测试", "客服@例子.测试"),
    ],
)
async def test_addresses_of_every_script(engine, pool, settings, keys, address, wire):
    async with mail_server() as server:
        settings = with_mail(settings, server.port)
        number = await enqueue(engine, Outgoing(settings, keys), to=address)
        await deliver(settings, keys, pool, number)
    assert await state_of(engine, number) == ("sent", None, 1)
    assert server.recipients == [wire]


async def test_a_mail_that_is_refused_for_good_has_failed(engine, pool, settings, keys):
    async with mail_server() as server:
        server.answer_rcpt = "550 no such user"
        settings = with_mail(settings, server.port)
        number = await enqueue(engine, Outgoing(settings, keys))
        await deliver(settings, keys, pool, number)
    assert await state_of(engine, number) == ("failed", "refused", 1)


async def test_where_nothing_was_begun_it_is_tried_again_and_given_up_in_the_end(engine, pool, settings, keys):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        settings = with_mail(settings, listener.getsockname()[1])
    number = await enqueue(engine, Outgoing(settings, keys))
    for attempt in range(1, MOST_ATTEMPTS):
        await deliver(settings, keys, pool, number)
        assert await state_of(engine, number) == ("queued", "not_reached", attempt)
    assert len(await jobs(engine)) == MOST_ATTEMPTS
    await deliver(settings, keys, pool, number)
    assert await state_of(engine, number) == ("failed", "not_reached", MOST_ATTEMPTS)


async def test_a_server_that_is_busy_gets_it_later(engine, pool, settings, keys):
    async with mail_server() as server:
        server.answer_data = "451 later"
        settings = with_mail(settings, server.port)
        number = await enqueue(engine, Outgoing(settings, keys))
        await deliver(settings, keys, pool, number)
        assert await state_of(engine, number) == ("queued", "refused_for_now", 1)
        server.answer_data = "250 OK"
        await deliver(settings, keys, pool, number)
    assert await state_of(engine, number) == ("sent", None, 2)


@pytest.mark.parametrize("how", ["cut_after_data", "stall"])
async def test_without_an_answer_it_is_unknown_and_never_sent_again(engine, pool, settings, keys, how):
    async with mail_server() as server:
        setattr(server, how, 5.0 if how == "stall" else True)
        settings = with_mail(settings, server.port)
        number = await enqueue(engine, Outgoing(settings, keys))
        await deliver(settings, keys, pool, number)
        await deliver(settings, keys, pool, number)
    assert len(server.mails) == 1
    assert await state_of(engine, number) == ("unknown", "no_answer", 1)
    assert len(await jobs(engine)) == 1


async def test_a_text_message_by_template(engine, pool, settings, keys):
    async with text_service() as service:
        settings = with_sms(settings, service.url + "?sign={to}")
        number = await enqueue(engine, Outgoing(settings, keys), "sms", "+8613800138000", body='{code} "{key}"')
        await deliver(settings, keys, pool, number)
    (asked,) = service.asked
    assert asked["headers"]["Authorization"] == "Bearer s3cret"
    assert asked["query"] == {"sign": "+8613800138000"}
    assert asked["body"] == {"phone": "+8613800138000", "content": '{code} "{key}"', "params": [{"code": "246802"}]}
    assert await state_of(engine, number) == ("sent", None, 1)
    async with engine.connect() as connection:
        assert (await connection.execute(select(outgoing_messages.c.provider_id))).scalar() == "4711"


async def test_a_form_is_encoded(engine, pool, settings, keys):
    async with text_service() as service:
        settings = with_sms(settings, service.url, format="form", body={"to": "{to}", "text": "{text}"})
        number = await enqueue(engine, Outgoing(settings, keys), "sms", "+8613800138000", body="a&to=+44 好")
        await deliver(settings, keys, pool, number)
    assert service.asked[0]["body"] == {"to": "+8613800138000", "text": "a&to=+44 好"}


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"status": 400}, ("failed", "status_400", 1)),
        ({"status": 302}, ("failed", "status_302", 1)),
        ({"status": 429}, ("queued", "status_429", 1)),
        ({"status": 500}, ("unknown", "status_500", 1)),
        ({"answer": {"result": {"code": "NO_MONEY"}}}, ("failed", "provider_refused", 1)),
        ({"answer": []}, ("failed", "provider_refused", 1)),
        ({"stall": 3.0}, ("unknown", "no_answer", 1)),
        ({"cut": True}, ("unknown", "no_answer", 1)),
    ],
)
async def test_what_a_service_may_say(engine, pool, settings, keys, options, outcome):
    async with text_service() as service:
        for name, value in options.items():
            setattr(service, name, value)
        settings = with_sms(settings, service.url)
        number = await enqueue(engine, Outgoing(settings, keys), "sms", "+8613800138000")
        await deliver(settings, keys, pool, number)
    assert await state_of(engine, number) == outcome


async def test_what_was_rolled_back_is_not_sent(engine, settings, keys):
    outgoing = Outgoing(with_mail(settings, 1), keys)
    async with engine.connect() as connection:
        await outgoing.enqueue(connection, Message("mail", "alert", TO, Written("", "")))
        await connection.rollback()
    assert await jobs(engine) == []


async def test_who_was_erased_gets_nothing(engine, pool, settings, keys):
    contact_id = uuid7()
    async with mail_server() as server:
        settings = with_mail(settings, server.port)
        async with engine.begin() as connection:
            key = await make_key(connection, keys, contact_id)
            row = {"id": contact_id, "key_id": key.id, "root_id": contact_id, "locale": "en"}
            await connection.execute(contacts.insert().values(**row))
        number = await enqueue(engine, Outgoing(settings, keys), contact_id=contact_id)
        async with engine.begin() as connection:
            await connection.execute(delete(data_keys).where(data_keys.c.contact_id == contact_id))
        await deliver(settings, keys, pool, number)
    assert server.mails == []
    assert await state_of(engine, number) == ("failed", "erased", 1)


async def test_alerts_go_to_who_is_named(engine, pool, settings, keys):
    async with mail_server() as server:
        settings = with_mail(settings, server.port, alerts=["a@example.com", "b@example.com"])
        async with engine.begin() as connection:
            numbers = await Outgoing(settings, keys).alert(connection, "Disk", "The disk is full.")
        await asyncio.gather(*(deliver(settings, keys, pool, number) for number in numbers))
    assert sorted(server.recipients) == ["a@example.com", "b@example.com"]


async def test_without_a_provider_it_is_shown_and_no_job_is_made(engine, settings, keys):
    number = await enqueue(engine, Outgoing(settings, keys))
    assert await state_of(engine, number) == ("shown", None, 0)
    assert await jobs(engine) == []
