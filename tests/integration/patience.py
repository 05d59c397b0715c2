"""How long a test waits for something that must be quick."""

import os


def allowed(quiet_s: float, busy_s: float) -> float:
    """`quiet_s`, or `busy_s` where more work waits than there are cores: then the machine is measured, not us."""
    return busy_s if os.getloadavg()[0] > (os.cpu_count() or 1) else quiet_s
