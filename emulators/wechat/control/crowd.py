"""POST /control/acts: what many users do, each at its time, in one call; for load runs and demonstrations."""

import asyncio
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from aiohttp import web
from pydantic import Field

from emulators.wechat.acts import Acts
from emulators.wechat.control.acts import ACTS
from emulators.wechat.control.bodies import MAX_WAIT_S, Body, answer, parsed, read_json
from emulators.wechat.errors import BadCommand
from emulators.wechat.push.record import Push
from emulators.wechat.world import World

Do = Callable[[], Sequence[Push | None]]


class One(Body):
    """An act as ``/control/users/{user}/{act}`` knows it, ``after`` so many seconds."""

    user: str
    act: str
    body: dict[str, Any] = Field(default_factory=dict)
    after: float = Field(default=0, ge=0, le=MAX_WAIT_S)


class Many(Body):
    """Acts in any order."""

    acts: list[One] = Field(min_length=1, max_length=100_000)


class Crowd:
    """The handler."""

    def __init__(self, world: World, acts: Acts) -> None:
        self._world = world
        self._acts = acts

    def routes(self) -> list[web.RouteDef]:
        """Path and handler."""
        return [web.post("/control/acts", self.act)]

    async def act(self, request: web.Request) -> web.Response:
        """Does them all, or none where one is wrongly asked for; answers after the last.

        ``deliveries`` and ``late`` (in seconds) are in the order of the acts; what could not be done at its time stands
        in ``refused``, by its place.
        """
        body = parsed(Many, await read_json(request))
        planned = [(one.after, place, self._prepared(one)) for place, one in enumerate(body.acts)]
        deliveries: list[list[int]] = [[] for _ in planned]
        late, refused = [0.0] * len(planned), {}
        clock = asyncio.get_running_loop().time
        began = clock()
        for after, place, do in sorted(planned, key=itemgetter(0)):
            if (wait := began + after - clock()) > 0:
                await asyncio.sleep(wait)
            late[place] = round(max(0.0, clock() - began - after), 6)
            try:
                deliveries[place] = [push.id for push in do() if push]
            except BadCommand as bad:
                refused[str(place)] = str(bad)
        return answer({"deliveries": deliveries, "late": late, "refused": refused})

    def _prepared(self, one: One) -> Do:
        person = self._world.person_named(one.user)
        if one.act not in ACTS:
            raise BadCommand(f"there is no act {one.act}: {', '.join(ACTS)}", 404)
        model, do = ACTS[one.act]
        body = parsed(model, one.body)
        chat = person.chats[self._world.account_named(getattr(body, "account", None)).settings.appid]
        return lambda: do(self._acts, chat, body)
