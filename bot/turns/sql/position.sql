-- How far a customer's thread has come: its last line, and what the customer has received and read.
SELECT coalesce(max(c.last_seq), 0), coalesce(max(c.received_seq), 0), coalesce(max(c.read_seq), 0)
  FROM bot.conversations c
 WHERE c.identity_id = crm.find_identity(%(identity)s)
