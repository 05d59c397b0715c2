"""Articles, their store, the index over them and how good it is; imports nothing of the bot or the CRM."""
