-- What a customer's thread has after a cursor, in order, over all of the identity's conversations.
SELECT m.id, m.seq, m.direction, m.author, m.sealed_body, m.at, m.client_msg_id, i.key_id, k.kek, k.wrapped
  FROM crm.identities i
  LEFT JOIN vault.data_keys k ON k.id = i.key_id
  JOIN bot.conversations c ON c.identity_id = i.id
  JOIN bot.messages m ON m.conversation_id = c.id
 WHERE i.blind = %(identity)s
   AND c.last_seq > %(after)s AND m.seq > %(after)s
 ORDER BY m.seq
 LIMIT %(limit)s
