-- What a customer's thread has after a cursor, in order, over all of the identity's conversations.
SELECT m.id, m.seq, m.direction, m.author, m.body, m.at, m.client_msg_id
  FROM bot.conversations c
  JOIN bot.messages m ON m.conversation_id = c.id
 WHERE c.identity_id = crm.find_identity(%(account)s, %(identity)s)
   AND c.last_seq > %(after)s AND m.seq > %(after)s
 ORDER BY m.seq
 LIMIT %(limit)s
