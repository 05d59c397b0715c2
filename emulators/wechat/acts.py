"""What a user does on the phone, and what WeChat pushes because of it."""

from typing import Any

from emulators.wechat.account import Chat
from emulators.wechat.errors import BadCommand
from emulators.wechat.push.delivery import Deliverer
from emulators.wechat.push.record import Push
from emulators.wechat.push.transfer import SESSION_S
from emulators.wechat.windows import Trigger
from emulators.wechat.world import World


class Acts:
    """Each act changes what WeChat knows, shows the user's own line and starts a push; it waits for nothing."""

    def __init__(self, world: World, deliverer: Deliverer) -> None:
        self._world = world
        self._deliverer = deliverer
        self.push = deliverer.push

    def follow_quietly(self, chat: Chat, scene: str = "", ticket: str = "") -> None:
        """Follows as if long ago: nothing is pushed and no window opens."""
        if chat.following:
            raise BadCommand(f"{chat.person.name} follows already", 409)
        chat.following, chat.followed_at = True, self._world.clock.now()
        chat.scene = scene
        chat.came_by = "ADD_SCENE_QR_CODE" if ticket else "ADD_SCENE_SEARCH"

    def follow(self, chat: Chat, scene: str = "", ticket: str = "") -> Push:
        """Follows, by a QR code if there is a ``ticket``."""
        self.follow_quietly(chat, scene, ticket)
        self.own_line(chat, "subscribe", {"scene": scene})
        chat.window.open("subscribe", chat.followed_at)
        code = {"EventKey": f"qrscene_{scene}", "Ticket": ticket} if ticket else {"EventKey": ""}
        return self.event(chat, "subscribe", code)

    def unfollow(self, chat: Chat) -> Push:
        """Stops following: nothing can be sent any more."""
        self.following(chat)
        chat.following = False
        chat.window.close()
        chat.session = None
        chat.consents.clear()
        self.own_line(chat, "unsubscribe", {})
        return self.event(chat, "unsubscribe", {"EventKey": ""}, answerable=False)

    def scan(self, chat: Chat, ticket: str) -> Push:
        """Scans one of the account's QR codes: follows by it, or says so again."""
        scene = chat.account.scenes.get(ticket)
        now = self._world.clock.now()
        if scene is None or (scene.until is not None and scene.until <= now):
            raise BadCommand("there is no such QR code, or no longer", 404)
        if not chat.following:
            return self.follow(chat, scene.value, ticket)
        self.own_line(chat, "SCAN", {"scene": scene.value})
        chat.window.open("scan", now)
        return self.event(chat, "SCAN", {"EventKey": scene.value, "Ticket": ticket})

    def message(
        self, chat: Chat, kind: str, fields: dict[str, Any], shown: dict[str, Any], trigger: Trigger = "message"
    ) -> Push | None:
        """Writes a message of any type; ``None`` while a person has the session: then it does not reach the URL."""
        self.following(chat)
        now = self._world.clock.now()
        self.own_line(chat, kind, shown)
        chat.spoke_at = now
        chat.window.open(trigger, now)
        if chat.session is not None:
            chat.session.until = now + SESSION_S
            return None
        return self._deliverer.push(chat, kind, {"MsgType": kind, **fields, "MsgId": self._world.number()})

    def tap_window(self, chat: Chat) -> None:
        """A menu was tapped in a way that opens a window."""
        now = self._world.clock.now()
        chat.spoke_at = now
        chat.window.open("tap", now)

    def pay(self, chat: Chat) -> None:
        """Pays: opens the longest window; the payment's own notice goes to another URL and is not part of this."""
        self.own_line(chat, "payment", {})
        chat.window.open("payment", self._world.clock.now())

    def event(self, chat: Chat, name: str, fields: dict[str, Any], *, answerable: bool = True) -> Push:
        """Pushes an event of any kind."""
        document = {"MsgType": "event", "Event": name, **fields}
        return self._deliverer.push(chat, name, document, answerable=answerable)

    def following(self, chat: Chat) -> None:
        """Raises :class:`BadCommand` 409 for one who does not follow."""
        if not chat.following:
            raise BadCommand(f"{chat.person.name} does not follow {chat.account.settings.name}", 409)

    def own_line(self, chat: Chat, kind: str, content: dict[str, Any]) -> None:
        """Shows on the phone what the user did."""
        chat.person.phone.show(chat.account.settings.name, "user", kind, content)
