"""Pictures and files in the chat."""

import asyncio
import struct
import zlib

import pytest
from playwright.async_api import FilePayload, Route, expect

from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy


def png(width: int, height: int) -> bytes:
    """A picture in one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\x00" + b"\xc2\x49\x1d" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE: FilePayload = {"name": "冰箱.png", "mimeType": "image/png", "buffer": png(320, 200)}
INVOICE: FilePayload = {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n" + b" " * 4000}


async def test_a_picture_and_a_file_are_sent_and_shown(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        await someone.frame.locator("input[type=file]").set_input_files([PICTURE, INVOICE])
        await expect(someone.frame.locator(".tray-item.done")).to_have_count(2)
        await someone.say("what is this?")
        await expect(someone.own).to_have_count(2)
        await expect(someone.frame.locator(".tray-item")).to_have_count(0)
        image = someone.own.first.get_by_role("img", name="Picture: 冰箱.png")
        # A picture is fetched when somebody looks at it.
        await image.scroll_into_view_if_needed()
        await expect(image).to_have_js_property("naturalWidth", 320)
        assert (await image.get_attribute("src") or "").startswith("blob:"), "no token in an address"
        async with someone.page.expect_download() as download:
            await someone.own.first.get_by_role("button", name="invoice.pdf").click()
        assert (await download.value).suggested_filename == "invoice.pdf"
        await someone.picture("files")

        await someone.page.reload()
        await someone.open()
        await image.scroll_into_view_if_needed()
        await expect(image).to_have_js_property("naturalWidth", 320)
        first = (await someone.thread())[0]
        assert [item["name"] for item in first["body"]["attachments"]] == ["冰箱.png", "invoice.pdf"]
        await someone.check_policy()


async def test_the_answer_to_many_pictures_is_in_view(shop_server: LiveServer) -> None:
    pictures: list[FilePayload] = [{**PICTURE, "name": f"{n}.png", "buffer": png(300, 400)} for n in range(4)]
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        # The pictures come in while the answer is read, and do not push it away.
        await someone.context.route("**/channels/shop/blobs/*", hold)
        await someone.visit("en")
        await someone.frame.locator("input[type=file]").set_input_files(pictures)
        await expect(someone.frame.locator(".tray-item.done")).to_have_count(4)
        await someone.frame.get_by_role("button", name="Send", exact=True).click()
        await expect(someone.answers).to_have_count(1)
        await expect(someone.answers.first).to_be_in_viewport(ratio=1)
        answered.set()
        await expect(someone.own.get_by_role("img").last).to_have_js_property("naturalWidth", 300)
        await expect(someone.own.locator(".picture.here")).to_have_count(4)
        height = "element => element.offsetHeight - element.closest('.scroll').clientHeight"
        assert await someone.own.evaluate(height) > 0, "one message fills more than the view"
        await expect(someone.answers.first).to_be_in_viewport(ratio=1)


async def test_a_place_is_kept_until_the_picture_is_there(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        await someone.say("hello")
        await expect(someone.answers).to_have_count(1)
        frame = next(frame for frame in someone.page.frames if "/widget/frame/" in frame.url)
        # Every height that the picture's place ever has, from the moment it stands.
        await frame.evaluate(
            """() => {
                window.heights = []
                const seen = new ResizeObserver((all) =>
                  all.forEach(({ target }) => target.isConnected && window.heights.push(target.offsetHeight)))
                new MutationObserver(() => document.querySelectorAll('.picture').forEach((one) => seen.observe(one)))
                  .observe(document.querySelector('.list'), { childList: true, subtree: true })
                // Between the address and the picture time passes; here, a while.
                const { set } = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src')
                Object.defineProperty(HTMLImageElement.prototype, 'src', {
                  set(value) { setTimeout(() => set.call(this, value), 300) } })
            }"""
        )
        await someone.frame.locator("input[type=file]").set_input_files([PICTURE])
        await expect(someone.frame.locator(".tray-item.done")).to_have_count(1)
        await someone.frame.get_by_role("button", name="Send", exact=True).click()
        await expect(someone.frame.locator(".picture.here")).to_have_count(1)
        heights = await frame.evaluate("window.heights")
        assert min(heights) >= 110, heights


async def test_a_pasted_picture_is_taken(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        await someone.field.evaluate(
            """(field, bytes) => {
                const data = new DataTransfer()
                data.items.add(new File([new Uint8Array(bytes)], 'pasted.png', { type: 'image/png' }))
                const how = { clipboardData: data, bubbles: true, cancelable: true }
                field.dispatchEvent(new ClipboardEvent('paste', how))
            }""",
            list(png(20, 20)),
        )
        await expect(someone.frame.locator(".tray-item.done")).to_have_count(1)
        await someone.frame.get_by_role("button", name="Send").click()
        await expect(someone.own.locator("img")).to_have_js_property("naturalWidth", 20)


async def test_what_cannot_be_sent_is_explained(shop_server: LiveServer) -> None:
    program: FilePayload = {"name": "setup.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    huge: FilePayload = {"name": "huge.png", "mimeType": "image/png", "buffer": b"\x89PNG" + bytes(10 * 1024 * 1024)}
    disguised: FilePayload = {"name": "page.png", "mimeType": "image/png", "buffer": b"<html><script>alert(1)</script>"}
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        picker = someone.frame.locator("input[type=file]")
        hint = someone.frame.locator(".hint")
        await picker.set_input_files([program])
        await expect(hint).to_contain_text("“setup.exe” cannot be sent")
        await picker.set_input_files([huge])
        await expect(hint).to_contain_text("“huge.png” is too large, 10 MB is the limit")
        await expect(someone.frame.locator(".tray-item")).to_have_count(0)
        # The server looks at the content, whatever the name says.
        await picker.set_input_files([disguised])
        await expect(someone.frame.locator(".tray-item")).to_contain_text("“page.png” cannot be sent")
        await expect(someone.frame.get_by_role("button", name="Try again")).to_be_hidden()
        await expect(someone.frame.get_by_role("button", name="Send")).to_be_disabled()
        await someone.frame.get_by_role("button", name="Remove page.png").click()
        await expect(someone.frame.locator(".tray-item")).to_have_count(0)
