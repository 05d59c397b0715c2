"""``yingda staff``: accounts for who sits at the machine; their owners set the password by a one-time link."""

import argparse
import sys

from bot.commands.store import open_store
from bot.outgoing import Outgoing
from bot.outgoing.mail import normalise_address
from bot.settings import LOCALES, read_settings
from bot.staff.accounts import Staff, add_staff, find_named, list_staff
from bot.staff.errors import StaffError
from bot.staff.links import issue_link, link_url
from bot.staff.roles import ROLES
from bot.staff.rules import rules_of
from bot.storage.keyring import open_keys
from bot.web.problems import describe

_PAGE = 200


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``staff``."""
    parser = commands.add_parser("staff")
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="make an account and print the link to its first sign-in")
    add.add_argument("name", help="the name to sign in with")
    add.add_argument("--role", action="append", required=True, choices=sorted(ROLES), help="may be given several times")
    add.add_argument("--display-name", help="the name that others see; the sign-in name by default")
    add.add_argument("--email", help="mail the link there as well")
    add.set_defaults(run=run_add)
    link = actions.add_parser("link", help="print a one-time link: the way back in when a password is lost")
    link.add_argument("name")
    link.set_defaults(run=run_link)
    actions.add_parser("list", help="print every account").set_defaults(run=run_list)


async def run_add(args: argparse.Namespace) -> int:
    """Prints the link; 1 when the name is taken or cannot be one."""
    settings = read_settings()
    email = normalise_address(args.email) if args.email else None
    if args.email and email is None:
        print("--email is no e-mail address.", file=sys.stderr)
        return 2
    try:
        async with open_store(args) as engine, engine.begin() as connection:
            staff = await add_staff(connection, args.name, args.display_name or args.name, args.role)
            token = await issue_link(connection, rules_of(settings.staff), staff.id)
            if email:
                outgoing = Outgoing(settings, open_keys(settings))
                link, names = link_url(settings.base_url, token), {"name": staff.display_name, "login": staff.name}
                await outgoing.invite(connection, email, LOCALES[0], **names, link=link)
    except StaffError as refused:
        return _refuse(refused)
    print(link_url(settings.base_url, token))
    return 0


async def run_link(args: argparse.Namespace) -> int:
    """Prints the link, which voids the one before; 1 when there is no such account or it is switched off."""
    settings = read_settings()
    try:
        async with open_store(args) as engine, engine.begin() as connection:
            staff = await find_named(connection, args.name)
            token = await issue_link(connection, rules_of(settings.staff), staff.id)
    except StaffError as refused:
        return _refuse(refused)
    print(link_url(settings.base_url, token))
    return 0


async def run_list(args: argparse.Namespace) -> int:
    """One line per account: name, roles, state, last sign-in."""
    async with open_store(args) as engine, engine.connect() as connection:
        page = await list_staff(connection, limit=_PAGE)
        while page:
            for staff in page:
                print(_line(staff))
            page = await list_staff(connection, after=page[-1].name, limit=_PAGE)
    return 0


def _line(staff: Staff) -> str:
    state = "off" if not staff.active else "pending" if staff.pending else "active"
    seen = staff.last_sign_in_at.isoformat(timespec="minutes") if staff.last_sign_in_at else "never"
    return f"{staff.name}\t{','.join(staff.roles)}\t{state}\t{seen}"


def _refuse(refused: StaffError) -> int:
    title, detail = describe(refused.code, "en", dict(refused.values))
    print(f"{title}. {detail}", file=sys.stderr)
    return 1
