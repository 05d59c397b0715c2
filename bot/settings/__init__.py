"""Every number and name a company may change, read from ``yingda.toml`` and the environment.

The environment wins: ``YINGDA_HTTP__PORT=9000`` sets ``[http] port``. Numbers that a regulation fixes carry
the id of its row in their description. Secrets are ``SecretStr``: they print as stars everywhere.
"""

from bot.faults import SettingsFault
from bot.settings.actions import Actions, RemoteActions
from bot.settings.customers import Crm, KeysSection, Retention
from bot.settings.flows import Flows
from bot.settings.house import Http, Limits, Staff, WebChannel
from bot.settings.outgoing import Codes, Mail, Sms
from bot.settings.root import Settings, read_settings
from bot.settings.section import LOCALES, Locale, Section
from bot.settings.wechat import WechatAccount
from bot.settings.wechat_notices import Occasion, WechatNotice

__all__ = [
    "LOCALES",
    "Actions",
    "Codes",
    "Crm",
    "Flows",
    "Http",
    "KeysSection",
    "Limits",
    "Locale",
    "Mail",
    "Occasion",
    "RemoteActions",
    "Retention",
    "Section",
    "Settings",
    "SettingsFault",
    "Sms",
    "Staff",
    "WebChannel",
    "WechatAccount",
    "WechatNotice",
    "read_settings",
]
