"""The account PostgreSQL runs as, and the folder that belongs to it.

PostgreSQL refuses to run as root. Started by root it runs as the owner of the existing data or, the first
time, as ``run_as``, ``postgres`` or ``nobody``; started by anybody else, as that user.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from bot.storage.embedded.errors import EmbeddedPostgresError
from bot.storage.embedded.layout import Layout

PREFERRED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """True when processes must change to this account before they touch the data."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give ``path`` to the account; a link is not followed."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def open(self, path: Path, flags: int) -> int:
        """A descriptor of a private file of the account (0600); a link is an error, never followed.

        Root works here in a folder that another account could write to.
        """
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if self.is_other and os.fstat(descriptor).st_uid != self.uid:
            os.fchown(descriptor, self.uid, self.gid)
        return descriptor

    def write(self, path: Path, text: str) -> None:
        """Replace ``path`` by a private file of the account, at once or not at all."""
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(self.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)


def account_for(layout: Layout, run_as: str | None = None) -> Account:
    """The account for this folder. Raises EmbeddedPostgresError when the folder is somebody else's."""
    me = os.geteuid()
    if layout.data.exists():
        owner = layout.data.stat().st_uid
        if owner == 0:
            raise EmbeddedPostgresError(
                f"{layout.data} belongs to root, and PostgreSQL does not run as root: give {layout.root} and"
                " all in it to the user it shall run as (`chown -R`)"
            )
        if me not in (0, owner):
            raise EmbeddedPostgresError(
                f"{layout.root} belongs to user {owner}, you are user {me}: run as that user, or set"
                " YINGDA_VAR_DIR to a folder of your own"
            )
        return _by_uid(owner)
    if me != 0:
        return _by_uid(me)
    for name in (run_as,) if run_as else PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and no user {run_as or ' or '.join(PREFERRED)} exists to run it:"
        " add one (`useradd --system postgres`), or run this program as an ordinary user"
    )


def prepare_folder(layout: Layout, account: Account) -> None:
    """Make the folder, private to the account (0700). Folders above are made if missing, never changed."""
    layout.root.parent.mkdir(parents=True, exist_ok=True)
    layout.root.mkdir(mode=0o700, exist_ok=True)
    if layout.is_foreign():
        raise EmbeddedPostgresError(
            f"{layout.root} has files in it that are not an embedded PostgreSQL's: set YINGDA_VAR_DIR to another"
            " folder, or empty this one"
        )
    make_private(layout.root, account)


def make_private(folder: Path, account: Account) -> None:
    """Give an existing folder to the account alone (0700)."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or os.geteuid() not in (0, found.st_uid):
        raise EmbeddedPostgresError(
            f"{folder} belongs to user {found.st_uid} or is no folder: run as that user, remove it, or set"
            " YINGDA_VAR_DIR to a folder of your own"
        )
    if found.st_uid != account.uid:
        account.own(folder)
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"User {uid} has no name in /etc/passwd, which PostgreSQL needs: add an entry (a container's"
            " image does so with `useradd --uid`), or set YINGDA_DATABASE_URL to a PostgreSQL of your own"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
