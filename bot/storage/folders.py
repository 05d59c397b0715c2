"""Names of files that have to outlive a power cut."""

import os
from pathlib import Path


def sync(folder: Path) -> None:
    """Returns when the names in the folder are on disk: a file's own ``fsync`` does not see to its name."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
