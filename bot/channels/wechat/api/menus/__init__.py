"""The account's menu as a YAML file in WeChat's own terms: read with WeChat's limits, written, compared."""

from bot.channels.wechat.api.menus.model import Button, from_wechat, labels_of, to_wechat, to_yaml
from bot.channels.wechat.api.menus.reading import DEMO, MenuFault, MenuFaults, read_menu, without_meaning

__all__ = [
    "DEMO",
    "Button",
    "MenuFault",
    "MenuFaults",
    "from_wechat",
    "labels_of",
    "read_menu",
    "to_wechat",
    "to_yaml",
    "without_meaning",
]
