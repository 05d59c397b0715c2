"""What the lab's servers run with: the settings in force without whatever reaches out to something real."""

import json
import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.faults import SettingsFault
from bot.lab.accounts import as_settings, lab_accounts
from bot.lab.toml import to_toml
from bot.settings import WechatAccount
from bot.settings.addresses import is_this_machine

HOST = "127.0.0.1"
PREFIX = "YINGDA_"
REAL = frozenset(
    (
        "var_dir",
        "database_url",
        "owner_database_url",
        "redis_url",
        "secret_key",
        "keys",
        "public_url",
        "mail",
        "sms",
        "otlp_endpoint",
        "wechat",
        "wechat_secrets",
    )
)
"""Left out: the lab has a database, keys and accounts of its own, and sends neither mail nor text messages."""
NOBODY = f"http://{HOST}:9"
"""Where action servers are looked for that are not on this machine; nothing listens there."""
FIRST_PORT = 8080
EMULATOR_ABOVE = 10
"""The emulator is looked for a place so many ports above the server: 8080 and 8090."""
_TRIED = 50


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Addresses, accounts and settings of one lab."""

    folder: Path
    """Holds all it keeps; two labs at once need two of them."""
    emulator_url: str
    server_urls: tuple[str, ...]
    accounts: tuple[WechatAccount, ...]
    replaced: tuple[str, ...]
    """Accounts of the settings that would have talked to the real WeChat."""
    environments: tuple[dict[str, str], ...]
    """Of each server; they hold the lab's secrets."""
    emulator_environment: dict[str, str]
    """Nothing of ours is in it."""


def surroundings_of(environment: Mapping[str, str], servers: int = 1, *, readable: bool = False) -> Surroundings:
    """Reads the settings, finds free ports and writes the lab's own settings file.

    ``readable``: the servers' logs are for a person's eyes unless the settings say otherwise.
    Raises :class:`SettingsFault` for a settings file that is not there or no TOML, and for wrong accounts.
    """
    ours = {name: value for name, value in environment.items() if name.upper().startswith(PREFIX)}
    theirs = {name: value for name, value in environment.items() if name not in ours}
    written = _written(ours)
    raw = _setting("wechat", ours, written)
    folder = Path(_setting("var_dir", ours, written) or "var") / "lab"
    ports = _Ports()
    wished = _port(ours.get("YINGDA_HTTP__PORT") or _written_port(written) or FIRST_PORT)
    server_urls = tuple(f"http://{HOST}:{ports.free(wished)}" for _ in range(servers))
    emulator_url = f"http://{HOST}:{ports.free(min(wished + EMULATOR_ABOVE, 65535))}"
    accounts = lab_accounts(raw, emulator_url)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in written.items() if name not in REAL}
    if "actions" in kept:
        kept["actions"] = _actions_here(kept["actions"])
    config = keep_secret(folder / "yingda.toml", to_toml(kept))
    inherited = {name: value for name, value in ours.items() if _section(name) not in REAL | {"config", "actions"}}
    shared = {
        **theirs,
        **inherited,
        "YINGDA_CONFIG": str(config),
        "YINGDA_VAR_DIR": str(folder),
        "YINGDA_WECHAT": json.dumps(as_settings(accounts)),
        "YINGDA_HTTP__HOST": HOST,
        "YINGDA_PUBLIC_URL": server_urls[0],
    }
    if readable and "log_format" not in kept:
        shared.setdefault("YINGDA_LOG_FORMAT", "console")
    ways = tuple({**shared, "YINGDA_HTTP__PORT": url.rpartition(":")[2]} for url in server_urls)
    return Surroundings(folder, emulator_url, server_urls, tuple(accounts), _replaced(raw), ways, theirs)


def keep_secret(path: Path, text: str) -> Path:
    """Writes a file that only its owner may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class _Ports:
    """Ports that nobody listens on, each given once."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def free(self, wished: int) -> int:
        """The wished one, or the next that is free; any other where all of them are taken."""
        for port in (*range(wished, min(wished + _TRIED, 65536)), 0):
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind((HOST, port))
                except OSError:
                    continue
                found = int(listener.getsockname()[1])
            if found not in self._given:
                self._given.add(found)
                return found
        raise SettingsFault([f"http.port: nothing is free from {wished} on"])


def _written(ours: Mapping[str, str]) -> dict[str, Any]:
    named = ours.get("YINGDA_CONFIG")
    path = Path(named or "yingda.toml")
    if not path.is_file():
        if named:
            raise SettingsFault([f"YINGDA_CONFIG: there is no file {named}"])
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsFault([f"{path}: {fault}"]) from None


def _setting(name: str, ours: Mapping[str, str], written: Mapping[str, Any]) -> Any:
    text = next((value for key, value in ours.items() if key.upper() == f"{PREFIX}{name.upper()}"), None)
    if text is None or name != "wechat":
        return written.get(name) if text is None else text
    try:
        return json.loads(text)
    except ValueError:
        raise SettingsFault([f"{PREFIX}{name.upper()}: not JSON"]) from None


def _section(name: str) -> str:
    return name[len(PREFIX) :].partition("__")[0].lower()


def _written_port(written: Mapping[str, Any]) -> object:
    section = written.get("http")
    return section.get("port") if isinstance(section, Mapping) else None


def _port(wished: object) -> int:
    try:
        port = int(str(wished))
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise SettingsFault(["http.port: a number from 0 to 65535"])
    return port or FIRST_PORT


def _actions_here(actions: object) -> object:
    """The section about actions without its secrets; flows still find the actions, which then cannot be reached."""
    if not isinstance(actions, Mapping):
        return actions
    section = {name: value for name, value in actions.items() if name != "secret"}
    if isinstance(servers := actions.get("remote"), list):
        section["remote"] = [_server_here(one) if isinstance(one, Mapping) else one for one in servers]
    return section


def _server_here(server: Mapping[str, Any]) -> Mapping[str, Any]:
    if _stays_here(server.get("url")):
        return server
    return {**{name: value for name, value in server.items() if name != "secret"}, "url": NOBODY}


def _replaced(raw: object) -> tuple[str, ...]:
    listed = [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list) else []
    return tuple(str(one.get("name")) for one in listed if not _stays_here(one.get("api_url")))


def _stays_here(url: object) -> bool:
    host = str(url or "").partition("://")[2].partition("/")[0]
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return is_this_machine(name)
