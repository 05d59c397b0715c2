"""What the embedded server is told. Written anew at every start, so that it follows the program's version."""

import pwd
from pathlib import Path

from bot.storage.embedded.account import Account
from bot.storage.embedded.layout import Layout

PORT = 5432
"""Part of the socket's name only: the server listens on no network address."""
SUPERUSER = "postgres"
_MAP = "yingda"

# Queries are small and many: workers for parallel ones would only need /dev/shm, 64 MB in a container.
# The log level leaves out rejected statements: the program gets those errors itself, and their text and
# details can carry what customers wrote.
_SETTINGS = f"""\
cluster_name = 'yingda'
listen_addresses = ''
port = {PORT}
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = '64MB'
max_wal_size = '512MB'
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_messages = 'log'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_checkpoints = off
"""


def write_configuration(layout: Layout, account: Account, socket_dir: Path) -> None:
    """Write the three files PostgreSQL reads at its start.

    Who may connect: the kernel names the caller's account to the server (peer), and only the server's own
    account and root, who both could read the files anyway, may take the roles.
    """
    account.write(layout.data / "postgresql.conf", _SETTINGS + f"unix_socket_directories = '{socket_dir}'\n")
    account.write(layout.data / "pg_hba.conf", f"local all all peer map={_MAP}\n")
    names = sorted({account.name, pwd.getpwuid(0).pw_name})
    account.write(layout.data / "pg_ident.conf", "".join(f'{_MAP} "{name}" all\n' for name in names))
