"""The rehearsal's own keyring: made anew in every process, handed to the servers that it starts."""

from crm_adapter.encryption import Keyring, Keys

RING = Keyring.fresh()
KEYS = Keys(lambda: RING)
ENVIRONMENT = {"YINGDA_KEYS__RING": RING.document()}
