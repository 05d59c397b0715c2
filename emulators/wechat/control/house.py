"""Accounts, deliveries, the clock, faults, figures, and everything back to the start."""

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web
from pydantic import Field

from emulators.wechat.account import Account
from emulators.wechat.control.bodies import MAX_WAIT_S, Body, answer, number, parsed, read_json
from emulators.wechat.errors import BadCommand
from emulators.wechat.faults import FaultRule
from emulators.wechat.push.delivery import Deliverer
from emulators.wechat.settings import AccountSettings, Delivery
from emulators.wechat.world import World


class Advance(Body):
    """Seconds to put the clock forward."""

    seconds: float = Field(ge=0, le=10 * 366 * 24 * 3600)


class Reset(Body):
    """``settings``: what was changed of accounts and delivery is as configured again, too."""

    settings: bool = False


class House:
    """The handlers."""

    def __init__(self, world: World, deliverer: Deliverer) -> None:
        self._world = world
        self._deliverer = deliverer

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.get("/control", self.overview),
            web.get("/control/accounts/{account}", self.account),
            web.patch("/control/accounts/{account}", self.change_account),
            web.post("/control/accounts/{account}/verify", self.verify),
            web.post("/control/accounts/{account}/revoke-tokens", self.revoke),
            web.get("/control/deliveries", self.deliveries),
            web.get("/control/deliveries/{number}", self.delivery),
            web.get("/control/idle", self.idle),
            web.patch("/control/delivery", self.change_delivery),
            web.get("/control/clock", self.clock),
            web.post("/control/clock/advance", self.advance),
            web.get("/control/faults", self.faults),
            web.post("/control/faults", self.add_fault),
            web.delete("/control/faults", self.clear_faults),
            web.delete("/control/faults/{number}", self.remove_fault),
            web.get("/control/calls", self.calls),
            web.get("/control/statistics", self.statistics),
            web.post("/control/reset", self.reset),
        ]

    async def overview(self, request: web.Request) -> web.Response:
        """The accounts and how pushes are delivered."""
        accounts = [_account(account) for account in self._world.accounts.values()]
        return answer(
            {
                "accounts": accounts,
                "users": len(self._world.people),
                "delivery": self._world.settings.delivery.model_dump(),
                "now": self._world.clock.now(),
            }
        )

    async def account(self, request: web.Request) -> web.Response:
        """One account: its settings, its menu, how many follow it."""
        return answer(_account(self._named(request)))

    async def change_account(self, request: web.Request) -> web.Response:
        """Changes settings as in WeChat's console; all but the names of the account can be changed."""
        account = self._named(request)
        changes = await read_json(request)
        if fixed := {"name", "appid", "original_id"} & changes.keys():
            raise BadCommand(f"cannot be changed: {', '.join(sorted(fixed))}")
        whole = account.settings.model_dump(mode="json") | changes
        self._world.change_account(account, parsed(AccountSettings, whole))
        return await self.account(request)

    async def verify(self, request: web.Request) -> web.Response:
        """Sends the GET that verifies the account's URL."""
        account = self._named(request)
        if account.settings.push_url is None:
            raise BadCommand("the account has no push_url", 409)
        return answer(await self._deliverer.verify(account))

    async def revoke(self, request: web.Request) -> web.Response:
        """Ends every access token at once."""
        self._named(request).tokens.revoke_all(self._world.clock.now())
        return answer({})

    async def deliveries(self, request: web.Request) -> web.Response:
        """The remembered pushes."""
        account = request.query.get("account")
        found = self._deliverer.record.pushes(
            int(number(request, "after", 0)),
            request.query.get("user"),
            self._world.account_named(account).settings.name if account else None,
            int(number(request, "limit", 100)),
        )
        return answer({"deliveries": [push.document() for push in found]})

    async def delivery(self, request: web.Request) -> web.Response:
        """One push, attempt by attempt; ``wait`` seconds for it to be settled."""
        wanted = request.match_info["number"]
        push = self._deliverer.record.find(int(wanted)) if wanted.isdecimal() else None
        if push is None:
            raise BadCommand(f"there is no delivery {wanted}, or no longer", 404)
        await _within(number(request, "wait", 0, MAX_WAIT_S), push.settled)
        return answer(push.document())

    async def idle(self, request: web.Request) -> web.Response:
        """Waits until no push is under way."""
        idle = await _within(number(request, "wait", 0, MAX_WAIT_S), self._deliverer.record.idle)
        return answer({"idle": idle})

    async def change_delivery(self, request: web.Request) -> web.Response:
        """Other numbers of tries and other waits from now on."""
        whole = self._world.settings.delivery.model_dump() | await read_json(request)
        delivery = parsed(Delivery, whole)
        self._world.settings = self._world.settings.model_copy(update={"delivery": delivery})
        return answer(delivery.model_dump())

    async def clock(self, request: web.Request) -> web.Response:
        """The emulator's time and how far it is ahead of the wall's."""
        return answer({"now": self._world.clock.now(), "ahead": self._world.clock.ahead})

    async def advance(self, request: web.Request) -> web.Response:
        """Puts the clock forward."""
        self._world.clock.advance(parsed(Advance, await read_json(request)).seconds)
        return await self.clock(request)

    async def faults(self, request: web.Request) -> web.Response:
        """The rules in force."""
        return answer({"faults": self._world.faults.view()})

    async def add_fault(self, request: web.Request) -> web.Response:
        """Puts a rule in force."""
        number_given = self._world.faults.add(parsed(FaultRule, await read_json(request)))
        return answer({"id": number_given}, status=201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """No faults any more."""
        self._world.faults.clear()
        return answer({})

    async def remove_fault(self, request: web.Request) -> web.Response:
        """One rule less."""
        wanted = request.match_info["number"]
        if not wanted.isdecimal() or not self._world.faults.remove(int(wanted)):
            raise BadCommand(f"there is no fault {wanted}", 404)
        return answer({})

    async def calls(self, request: web.Request) -> web.Response:
        """The last calls of the API, oldest first, ``limit`` of them; ``path`` chooses."""
        path, limit = request.query.get("path"), int(number(request, "limit", 100))
        found = [call for call in self._world.calls if path in (None, call.path)]
        fields = ("at", "account", "path", "errcode", "rid", "seconds")
        told = [{name: getattr(call, name) for name in fields} for call in found[max(0, len(found) - limit) :]]
        return answer({"calls": told})

    async def statistics(self, request: web.Request) -> web.Response:
        """Counts and times since the start or the last reset."""
        shown: Counter[str] = Counter()
        for person in self._world.people.values():
            shown.update(line.how for line in person.phone.lines())
        calls = [
            {"path": path, "errcode": errcode, "count": count}
            for (path, errcode), count in sorted(self._world.called.items())
        ]
        return answer({**self._deliverer.record.view(), "shown": dict(shown), "calls": calls})

    async def reset(self, request: web.Request) -> web.Response:
        """Ends what is under way and forgets users, tokens, media, menus, faults and what the clock was advanced by."""
        body = parsed(Reset, await read_json(request))
        await self._deliverer.stop()
        self._world.reset(settings=body.settings)
        self._deliverer.forget()
        return answer({})

    def _named(self, request: web.Request) -> Account:
        return self._world.account_named(request.match_info["account"])


def _account(account: Account) -> dict[str, Any]:
    return {
        "settings": account.settings.model_dump(mode="json"),
        "rights": sorted(account.settings.rights),
        "followers": len(account.followers()),
        "menu": account.menu,
        "scenes": [
            {"ticket": scene.ticket, "scene": scene.value, "until": scene.until} for scene in account.scenes.values()
        ],
    }


async def _within(seconds: float, event: Any) -> bool:
    """Whether it came to be in time."""
    try:
        async with asyncio.timeout(seconds):
            await (event() if callable(event) else event.wait())
    except TimeoutError:
        return False
    return True
