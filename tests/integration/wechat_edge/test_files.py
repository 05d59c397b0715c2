"""Pictures, recordings and documents that people at the desk send reach the phone: as what they are, or as a link."""

from typing import Any

import aiohttp
import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_service import SENDING, TO_QUEUE

pytestmark = pytest.mark.heavy

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082"
)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
UPLOAD = "/cgi-bin/media/upload"
DONE = "SELECT 1 FROM bot.outbox HAVING count(*) FILTER (WHERE state <> 'sent') = 0 AND count(*) = %s"
BY_HAND = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh-CN"}
AGAIN = "UPDATE bot.outbox SET state = 'queued', parts = 0, due_at = now() WHERE route = 'service' RETURNING 1"


async def custom(phones: Wechat, count: int) -> list[dict[str, Any]]:
    """What came by the customer-service API, with its types."""
    found = await phones.emulator.control("GET", f"/users/li/phone?wait=10&how=custom&count={count}")
    return list(found["lines"])


async def sent(phones: Wechat, lines: int) -> None:
    """Returns once nothing else waits; the bot's own answers are among the lines."""
    [(answers,)] = phones.rows("SELECT count(*) FROM bot.outbox WHERE route = 'passive'")
    await phones.until(DONE.replace("%s", str(answers + lines)))


async def test_a_picture_is_uploaded_once_for_three_days(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.send_file("安装.png", PNG, "请看这张图")
            words, picture = await custom(phones, 2)
            assert (words["content"]["content"], picture["type"]) == ("请看这张图", "image")
            async with aiohttp.ClientSession() as session, session.get(picture["content"]["url"]) as response:
                assert await response.read() == PNG
            await sent(phones, 1)
            # The same line once more, as if it had never been sent: WeChat has the file still.
            phones.rows(AGAIN)
            await custom(phones, 4)
            await sent(phones, 1)
            assert len(await phones.emulator.calls(UPLOAD)) == 1
            # Three days later it has not, whatever we think.
            await phones.emulator.control("POST", "/clock/advance", {"seconds": 3 * 86_400})
            await phones.do("li", "text", content="在吗")
            phones.rows(AGAIN)
            lines = await custom(phones, 6)
            await sent(phones, 1)
    assert [line["type"] for line in lines] == ["text", "image"] * 3
    assert len(await phones.emulator.calls(UPLOAD)) == 2
    assert [code for code in await phones.emulator.calls(SENDING) if code] == [42001, 40007]
    assert phones.rows("SELECT count(*) FROM bot.uploads") == [(1,)]
    assert phones.rows("SELECT count(*) FROM bot.blobs WHERE message_id IS NOT NULL") == [(1,)]


async def test_a_picture_that_waits_is_the_answer_to_the_next_message(
    phones: Wechat, demo_addresses: Addresses
) -> None:
    await phones.user()
    await phones.emulator.fault("errcode", SENDING, errcode=48001)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.send_file("安装.png", PNG)
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'queued' AND reason = 'only_passive'")
            push = await phones.do("li", "text", content="在吗")
            assert [one["outcome"] for one in push["attempts"]] == ["answered"]
            found = await phones.emulator.control("GET", "/users/li/phone?how=passive")
            picture = found["lines"][-1]
            assert picture["type"] == "image", picture
            async with aiohttp.ClientSession() as session, session.get(picture["content"]["url"]) as response:
                assert await response.read() == PNG
    assert len(await phones.emulator.calls(UPLOAD)) == 1
    assert 0 not in await phones.emulator.calls(SENDING)
    assert {row[0] for row in phones.rows("SELECT route FROM bot.outbox")} == {"passive"}


async def test_what_wechat_does_not_take_is_a_link(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("errcode", UPLOAD, errcode=40005)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.send_file("发票.pdf", PDF)
            await person.send_file("图.png", PNG)
            lines = await custom(phones, 2)
        async with aiohttp.ClientSession() as session:
            for line, name, content in zip(lines, ("发票.pdf", "图.png"), (PDF, PNG), strict=True):
                assert line["type"] == "text"
                told, link = line["content"]["content"].rsplit(" ", 1)
                assert told == f"附件：{name}"
                address = f"{server.url}/{link.split('/', 3)[3]}"
                async with session.get(address) as response:
                    assert (response.status, await response.read()) == (200, content)
                async with session.get(address[:-4] + "AAAA", headers=BY_HAND) as response:
                    assert (response.status, response.content_type) == (404, "text/html")
                    assert "<h1>链接已失效</h1>" in await response.text()
                async with session.get(address.replace("/care/", "/shop/")) as response:
                    assert response.status == 404


async def test_a_file_of_somebody_else_s_is_not_sent(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.send_file("图.png", PNG)
            await custom(phones, 1)
            [(used,)] = phones.rows("SELECT id FROM bot.blobs")
            refused = await person.try_files(used)
            assert (refused.status, refused.body["code"]) == (404, "blob_unknown")
            unknown = await person.try_files(used.__class__(int=7))
            assert (unknown.status, unknown.body["code"]) == (404, "blob_unknown")
    assert len(await phones.emulator.calls(SENDING)) == 1
