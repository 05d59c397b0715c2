"""Servers that stand in for WeChat and Telegram, so that a bot can be developed without an account."""
