"""Programs that tests stand on and that Python's packages do not bring."""

import os
import shutil

import pytest


def needed_program(*names: str) -> str:
    """The path of the first of `names` that is installed.

    Without one the test fails: what was not tested must not look as if it were. ALLOW_SKIP=1 says that it may.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    if os.environ.get("ALLOW_SKIP") == "1":
        pytest.skip(f"{names[0]} is not installed")
    pytest.fail(f"{names[0]} is not installed (`make test` installs it; ALLOW_SKIP=1 goes on without)")
