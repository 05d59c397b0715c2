INSERT INTO bot.attempts (account, blind) VALUES ($1, $2)
