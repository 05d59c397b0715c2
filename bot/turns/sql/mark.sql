INSERT INTO bot.attempts (account, external_id) VALUES (%s, %s)
