"""What is written of a person is sealed with that person's own data key, so that erasing the key erases every copy.

The keyring (key-encryption keys, index key, ledger key) comes from a file or a setting, never from the database; data
keys stand in the schema ``vault``, wrapped, apart from the data's backups (CP4, PR4, PR5).
"""

from crm_adapter.encryption.blind import blind
from crm_adapter.encryption.errors import EncryptionFault, KeyGone, KeyringFault, SealBroken
from crm_adapter.encryption.keyring import Keyring
from crm_adapter.encryption.keys import Keys
from crm_adapter.encryption.seal import DataKey, key_id_of, seal, seal_json, unseal, unseal_json

__all__ = [
    "DataKey",
    "EncryptionFault",
    "KeyGone",
    "Keyring",
    "KeyringFault",
    "Keys",
    "SealBroken",
    "blind",
    "key_id_of",
    "seal",
    "seal_json",
    "unseal",
    "unseal_json",
]
