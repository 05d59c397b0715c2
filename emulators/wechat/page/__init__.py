"""A page with a phone: what the control API can do, for people."""
