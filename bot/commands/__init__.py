"""The command line, one module per command; each registers itself with ``add_arguments``."""
