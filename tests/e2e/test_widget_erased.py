"""A customer who was erased while their chat is open: nothing of it stays on the screen or in the browser."""

import psycopg
import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy


async def test_an_erasure_empties_the_open_chat_which_goes_on(live_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, live_server.url) as someone:
        await someone.visit()
        for text in ("你好，我是欧阳晓芙", "怎么退货？", "怎么开发票？"):
            await someone.ask(text)
        async with await psycopg.AsyncConnection.connect(live_server.addresses.owner_url, autocommit=True) as owner:
            await owner.execute("SELECT crm.erase_people(array_agg(DISTINCT contact_id), '{}') FROM crm.identities")
        await someone.say("怎么退货？")
        await expect(someone.own).to_have_count(1)
        await expect(someone.answers).to_have_count(1)
        await expect(someone.answers).to_contain_text("7 天")
        frame = next(frame for frame in someone.page.frames if "/widget/frame/" in frame.url)
        assert "欧阳晓芙" not in await frame.evaluate("JSON.stringify(localStorage)")
        await someone.check_policy()
