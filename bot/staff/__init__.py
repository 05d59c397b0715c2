"""People who work with Yingda: accounts, roles, passwords, links, sessions and the lock-out that guards them."""
