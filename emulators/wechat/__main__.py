"""``python -m emulators.wechat``: serves an emulated WeChat until it is stopped."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web
from pydantic import ValidationError

from emulators.wechat.server import build_app
from emulators.wechat.settings import DEMO, Delivery, Settings, SettingsRefused, faults_of, read_settings


def main(argv: Sequence[str] | None = None) -> int:
    """Serves; 0 when stopped by a signal, 2 for wrong settings."""
    args = _parser().parse_args(argv)
    try:
        settings = _settings(args)
    except SettingsRefused as refused:
        print("The settings are wrong:", refused, sep="\n", file=sys.stderr)
        return 2
    address = f"http://{args.host}:{args.port}"
    if not settings.public_url:
        settings = settings.model_copy(update={"public_url": address})
    logging.basicConfig(level=logging.WARNING)

    def announce(_: str) -> None:
        print(f"WeChat is emulated at {address}; {address}/phone is a phone to try it with", flush=True)

    app = build_app(settings)
    web.run_app(app, host=args.host, port=args.port, print=announce, access_log=None, shutdown_timeout=3)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulators.wechat", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="there is no password: leave it on this machine")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--config", type=Path, help="accounts and rules, YAML or JSON; without it there is one account")
    parser.add_argument("--push-url", help="where the first account's pushes go")
    parser.add_argument("--scale", type=float, help="the waits of pushes are multiplied by it: 0.02 makes 5 s 0.1 s")
    parser.add_argument("--seed", type=int, help="the same seed gives the same openids")
    return parser


def _settings(args: argparse.Namespace) -> Settings:
    settings = read_settings(args.config) if args.config else Settings(accounts=(DEMO,))
    document = settings.model_dump()
    if args.push_url:
        document["accounts"][0]["push_url"] = args.push_url
    if args.scale is not None:
        document["delivery"] = Delivery.model_validate(document["delivery"] | {"scale": args.scale}).model_dump()
    if args.seed is not None:
        document["seed"] = args.seed
    try:
        return Settings.model_validate(document)
    except ValidationError as faults:
        raise SettingsRefused(faults_of(faults)) from None


if __name__ == "__main__":
    sys.exit(main())
