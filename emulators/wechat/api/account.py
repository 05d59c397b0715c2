"""What belongs to the account: its menu, its QR codes."""

from typing import Any

from emulators.wechat.account import Scene
from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint
from emulators.wechat.errors import Refused
from emulators.wechat.menus import checked, current

LONGEST_S = 2_592_000
SHORTEST_S = 60
DEFAULT_S = 60
MOST_SCENES = 100_000
MOST_PERMANENT = 100_000


async def _create_menu(call: ApiCall) -> Answer:
    call.account.menu = checked(call.body.get("button"))
    call.account.menu_id = call.world.number()
    _tell(call)
    return OK


async def _delete_menu(call: ApiCall) -> Answer:
    call.account.menu = None
    _tell(call)
    return OK


def _tell(call: ApiCall) -> None:
    for chat in call.account.followers():
        chat.person.phone.show(call.account.settings.name, "menu", "menu", {"button": call.account.menu})


async def _menu(call: ApiCall) -> Answer:
    if call.account.menu is None:
        raise Refused(46003)
    return {"menu": {"button": call.account.menu}}


async def _current_menu(call: ApiCall) -> Answer:
    return current(call.account.menu)


async def _create_code(call: ApiCall) -> Answer:
    """A QR code: temporary with a number or a text, permanent with either."""
    action = call.body.get("action_name")
    if action not in ("QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"):
        raise Refused(40052)
    permanent, is_text = action.startswith("QR_LIMIT"), action.endswith("STR_SCENE")
    value = _scene(call.part("action_info", 40053).get("scene"), permanent=permanent, is_text=is_text)
    seconds = call.body.get("expire_seconds", DEFAULT_S)
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise Refused(40053)
    seconds = min(max(seconds, SHORTEST_S), LONGEST_S)
    scenes = call.account.scenes
    if permanent and sum(scene.until is None for scene in scenes.values()) >= MOST_PERMANENT:
        raise Refused(40053)
    until = None if permanent else call.now + seconds
    # The same scene of the same kind is the same permanent code.
    same = (one for one in scenes.values() if one.value == value and one.until is None and permanent)
    scene = next(same, None) or Scene("gQ" + call.world.identifier(94), value, until, is_text)
    scenes[scene.ticket] = scene
    told: dict[str, Any] = {"ticket": scene.ticket, "url": scene.url}
    return told if permanent else told | {"expire_seconds": seconds}


def _scene(scene: object, *, permanent: bool, is_text: bool) -> str:
    if not isinstance(scene, dict):
        raise Refused(40053)
    if is_text:
        text = scene.get("scene_str")
        if not isinstance(text, str) or not 1 <= len(text) <= 64:
            raise Refused(40053)
        return text
    number = scene.get("scene_id")
    most = MOST_SCENES if permanent else 2**32 - 1
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
        raise Refused(40053)
    return str(number)


ENDPOINTS = {
    "/cgi-bin/menu/create": Endpoint(_create_menu, "POST", "menu"),
    "/cgi-bin/menu/get": Endpoint(_menu, "GET", "menu"),
    "/cgi-bin/menu/delete": Endpoint(_delete_menu, "GET", "menu"),
    "/cgi-bin/get_current_selfmenu_info": Endpoint(_current_menu, "GET"),
    "/cgi-bin/qrcode/create": Endpoint(_create_code, "POST", "qrcode"),
}
