"""A server that behaves like WeChat's for official accounts: pushes, API, and a control API in place of phones."""
