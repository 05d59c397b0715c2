INSERT INTO bot.attempts (account, blind) VALUES (%s, %s)
