"""Requests about one's own data, where the customer store and the bot's own files come together."""
