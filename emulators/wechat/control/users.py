"""Users and their phones: made, changed, acted for, read, waited for."""

from contextlib import suppress
from typing import Annotated

from aiohttp import web
from pydantic import Field

from emulators.wechat.account import Person
from emulators.wechat.acts import Acts
from emulators.wechat.control.acts import ACTS
from emulators.wechat.control.bodies import MAX_WAIT_S, Body, answer, encoded, number, parsed, read_json
from emulators.wechat.errors import BadCommand
from emulators.wechat.phone import WHAT_COUNTS
from emulators.wechat.world import World

KEEP_ALIVE_S = 15.0


class NewUsers(Body):
    """One user by name, or ``count`` of them as ``prefix1`` …; ``follow``: accounts followed without a push."""

    user: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    count: int | None = Field(default=None, ge=1, le=100_000)
    prefix: str = Field(default="user", pattern=r"^[A-Za-z0-9_.-]{1,50}$")
    nickname: str = ""
    follow: tuple[Annotated[str, Field(max_length=64)], ...] = ()


class Changes(Body):
    """What can be changed of a user."""

    nickname: str | None = None
    language: str | None = None
    snapshot: bool | None = None


class Users:
    """The handlers."""

    def __init__(self, world: World, acts: Acts) -> None:
        self._world = world
        self._acts = acts

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.post("/control/users", self.create),
            web.get("/control/users", self.list),
            web.get("/control/users/{user}", self.show),
            web.patch("/control/users/{user}", self.change),
            web.get("/control/users/{user}/phone", self.phone),
            web.get("/control/users/{user}/events", self.events),
            web.post("/control/users/{user}/{act}", self.act),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """All of them or, where one is there already, none."""
        body = parsed(NewUsers, await read_json(request))
        if (body.user is None) == (body.count is None):
            raise BadCommand("either user or count")
        names = [body.user] if body.user else [f"{body.prefix}{number}" for number in range(1, (body.count or 0) + 1)]
        accounts = [self._world.account_named(name) for name in body.follow]
        if taken := next((name for name in names if name in self._world.people), None):
            raise BadCommand(f"there is a user {taken} already", 409)
        made = [self._world.create_person(name) for name in names]
        for person in made:
            person.nickname = body.nickname
            for account in accounts:
                self._acts.follow_quietly(person.chats[account.settings.appid])
        openids = [{"user": one.name, "openids": _openids(one)} for one in made]
        return answer({"users": openids}, status=201)

    async def list(self, request: web.Request) -> web.Response:
        """Names, ``limit`` from ``offset`` on."""
        names = [*self._world.people]
        offset, limit = int(number(request, "offset", 0)), int(number(request, "limit", 1000))
        return answer({"total": len(names), "users": names[offset : offset + limit]})

    async def show(self, request: web.Request) -> web.Response:
        """One user, with openids, windows, consents."""
        return answer(self._person(request).document(self._world.clock.now()))

    async def change(self, request: web.Request) -> web.Response:
        """Changes what is given."""
        person = self._person(request)
        body = parsed(Changes, await read_json(request))
        for name, value in body.model_dump(exclude_none=True).items():
            setattr(person, name, value)
        return await self.show(request)

    async def act(self, request: web.Request) -> web.Response:
        """Does one thing; ``seq`` is the phone's last line then, to wait for what comes after it."""
        person = self._person(request)
        name = request.match_info["act"]
        if name not in ACTS:
            raise BadCommand(f"there is no act {name}: {', '.join(ACTS)}", 404)
        model, do = ACTS[name]
        body = parsed(model, await read_json(request))
        account = self._world.account_named(getattr(body, "account", None))
        pushes = do(self._acts, person.chats[account.settings.appid], body)
        return answer({"seq": person.phone.seq, "deliveries": [push.id for push in pushes if push]})

    async def phone(self, request: web.Request) -> web.Response:
        """What the phone shows after the line ``after``; ``wait`` seconds for at least ``count`` lines."""
        person = self._person(request)
        how = request.query.get("how")
        wait_s = number(request, "wait", 0, MAX_WAIT_S)
        chosen = frozenset(how.split(",")) if how else (WHAT_COUNTS if wait_s else None)
        after = int(number(request, "after", 0))
        account = request.query.get("account")
        name = self._world.account_named(account).settings.name if account else None
        count = int(number(request, "count", 1))
        lines = await person.phone.wait(after, wait_s, count=count, account=name, how=None if how == "all" else chosen)
        return answer({"seq": person.phone.seq, "lines": [line.document() for line in lines]})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The phone as server-sent events: ``id`` is the line's seq; a reader that comes back misses nothing."""
        person = self._person(request)
        last = request.headers.get("Last-Event-ID", "")
        after = int(last) if last.isdecimal() else int(number(request, "after", 0))
        if after > person.phone.seq:  # what the reader saw was before a reset
            after = 0
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        with suppress(ConnectionResetError):  # the reader has gone
            while not self._world.stopping and self._world.people.get(person.name) is person:
                lines = await person.phone.wait(after, KEEP_ALIVE_S)
                for line in lines:
                    head = f"id: {line.seq}\nevent: {line.how}\ndata: ".encode()
                    await stream.write(head + encoded(line.document()) + b"\n\n")
                    after = line.seq
                if not lines:
                    await stream.write(b": still here\n\n")
        return stream

    def _person(self, request: web.Request) -> Person:
        return self._world.person_named(request.match_info["user"])


def _openids(person: Person) -> dict[str, str]:
    return {chat.account.settings.name: chat.openid for chat in person.chats.values()}
