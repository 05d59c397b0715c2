"""A way to PostgreSQL that can go dead in the middle of a transaction, with every connection left open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from bot.storage.database import Addresses

CHUNK = 65536
SYNC = b"S\x00\x00\x00\x04"


class FreezingProxy:
    """TCP on one side, the server's Unix socket on the other, until it freezes."""

    def __init__(self, socket_path: str) -> None:
        self.frozen = asyncio.Event()
        self._socket_path = socket_path
        self._to_server = asyncio.Event()
        self._to_client = asyncio.Event()
        self._pattern = b""
        self._left = 0
        self._answers_only = False
        self.thaw()

    def freeze_at(self, pattern: bytes, occurrence: int, *, answers_only: bool = False) -> None:
        """Freezes once what the client sends has contained ``pattern`` so often; that much still gets through.

        ``answers_only``: all that the client sends still arrives, and it hears nothing. Otherwise the pipeline that is
        under way never ends: its last message, the sync, is held back too.
        """
        self._pattern, self._left, self._answers_only = pattern, occurrence, answers_only

    def thaw(self) -> None:
        """Everything that was held back arrives."""
        self._pattern = b""
        self._to_server.set()
        self._to_client.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        writers = [writer]
        try:
            await self._to_server.wait()
            server_reader, server_writer = await asyncio.open_unix_connection(self._socket_path)
            writers.append(server_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, server_writer, self._to_server, self._watch))
                group.create_task(self._pump(server_reader, writer, self._to_client, lambda chunk: (chunk, b"")))
        finally:
            for open_writer in writers:
                open_writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        flowing: asyncio.Event,
        cut: Callable[[bytes], tuple[bytes, bytes]],
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK):
                await flowing.wait()
                now, later = cut(chunk)
                writer.write(now)
                await writer.drain()
                if later:
                    await flowing.wait()
                    writer.write(later)
        await flowing.wait()
        writer.close()

    def _watch(self, chunk: bytes) -> tuple[bytes, bytes]:
        if not self._pattern:
            return chunk, b""
        self._left -= chunk.count(self._pattern)
        if self._left > 0:
            return chunk, b""
        self._to_client.clear()
        self.frozen.set()
        if self._answers_only:
            return chunk, b""
        self._to_server.clear()
        now = chunk.removesuffix(SYNC)
        return now, chunk[len(now) :]


@asynccontextmanager
async def freezing_proxy(addresses: Addresses) -> AsyncIterator[tuple[FreezingProxy, Addresses]]:
    """A proxy before the database at ``addresses``, and the addresses through it."""
    url = urlsplit(addresses.application_url)
    place = {name: values[0] for name, values in parse_qs(url.query).items()}
    proxy = FreezingProxy(f"{place['host']}/.s.PGSQL.{place['port']}")
    async with asyncio.TaskGroup() as group:
        carried: list[asyncio.Task[None]] = []
        server = await asyncio.start_server(
            lambda reader, writer: carried.append(group.create_task(proxy.carry(reader, writer))), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        try:
            yield (
                proxy,
                Addresses(
                    f"postgresql://yingda_owner@127.0.0.1:{port}{url.path}",
                    f"postgresql://yingda_app@127.0.0.1:{port}{url.path}",
                ),
            )
        finally:
            server.close()
            for task in carried:
                task.cancel()
