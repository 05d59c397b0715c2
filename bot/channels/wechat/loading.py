"""wechatpy's sound parts, without the rest of it."""

import sys
from functools import cache
from importlib.util import find_spec, module_from_spec
from typing import Any


@cache
def load_signer() -> Any:
    """``WeChatSigner``: the SHA-1 of sorted parts."""
    _name_package()
    from wechatpy.utils import WeChatSigner

    return WeChatSigner


@cache
def load_cipher() -> Any:
    """``PrpCrypto``: the AES envelope with its random head, length and app id."""
    _name_package()
    from wechatpy.crypto import PrpCrypto

    return PrpCrypto


def _name_package() -> None:
    """Lets submodules be imported without running the package's own ``__init__``.

    That one imports every client it has, and ``requests`` with them: 340 modules and 22 MB that nobody here uses.
    """
    if "wechatpy" not in sys.modules:
        spec = find_spec("wechatpy")
        if spec is None:
            raise ModuleNotFoundError("wechatpy is not installed", name="wechatpy")
        sys.modules["wechatpy"] = module_from_spec(spec)
