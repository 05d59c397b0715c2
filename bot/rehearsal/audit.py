"""Holds the store, at a quiet moment, to what it promises: every message once, answered once, in order, on record."""

from collections.abc import Mapping, Sequence

from bot.channels.web.render import render_message
from bot.rehearsal.keys import KEYS
from bot.rehearsal.visitors import Visitor
from bot.storage.pool import Connection, Pool
from bot.turns.thread import Thread

RULES = {
    "a thread's seq has no gap and no double": """
        SELECT c.identity_id, count(*), min(m.seq), max(m.seq)
          FROM bot.messages m JOIN bot.conversations c ON c.id = m.conversation_id WHERE c.account = %(account)s
         GROUP BY c.identity_id
        HAVING count(DISTINCT m.seq) <> count(*) OR count(*) <> max(m.seq) OR min(m.seq) <> 1""",
    "a conversation's last_seq is its last message's": """
        SELECT c.id FROM bot.conversations c LEFT JOIN bot.messages m ON m.conversation_id = c.id
         WHERE c.account = %(account)s
         GROUP BY c.id
        HAVING c.last_seq <> coalesce(max(m.seq), c.first_seq) OR min(m.seq) <> c.first_seq + 1
            OR NOT (c.received_seq >= c.read_seq AND c.last_seq >= c.received_seq)""",
    "a conversation goes on where the one before ended": """
        SELECT c.id FROM (SELECT id, first_seq, lag(last_seq, 1, 0) OVER (PARTITION BY identity_id ORDER BY first_seq)
                            FROM bot.conversations WHERE account = %(account)s) c (id, first_seq, ended)
         WHERE c.first_seq <> c.ended""",
    "an identity has one open conversation at most": """
        SELECT identity_id FROM bot.conversations WHERE account = %(account)s AND closed_at IS NULL
         GROUP BY identity_id HAVING count(*) > 1""",
    "a conversation has messages": """
        SELECT c.id FROM bot.conversations c
         WHERE c.account = %(account)s AND NOT EXISTS (SELECT FROM bot.messages m WHERE m.conversation_id = c.id)""",
    "a client's message is recorded once": """
        SELECT c.identity_id, m.client_msg_id FROM bot.messages m JOIN bot.conversations c ON c.id = m.conversation_id
         WHERE c.account = %(account)s AND m.direction = 'in' AND m.client_msg_id IS NOT NULL
         GROUP BY c.identity_id, m.client_msg_id HAVING count(*) > 1""",
    "the inbox names every inbound message once, and nothing else": """
        SELECT i.blind, m.id
          FROM (SELECT * FROM bot.inbox WHERE account = %(account)s) i
          FULL JOIN (SELECT m.id FROM bot.messages m JOIN bot.conversations c ON c.id = m.conversation_id
                      WHERE c.account = %(account)s AND m.direction = 'in') m ON m.id = i.message_id
         WHERE i.blind IS NULL OR m.id IS NULL""",
    "an answer follows its question at once": """
        SELECT a.id FROM bot.messages a JOIN bot.conversations c ON c.id = a.conversation_id
          LEFT JOIN bot.messages q ON q.id = a.in_reply_to AND q.conversation_id = a.conversation_id
         WHERE c.account = %(account)s AND a.author = 'bot'
           AND (q.id IS NULL OR q.direction <> 'in' OR a.seq <= q.seq OR EXISTS (
                SELECT FROM bot.messages o WHERE o.conversation_id = a.conversation_id
                   AND o.seq > q.seq AND o.seq < a.seq AND o.in_reply_to IS DISTINCT FROM q.id))""",
    "the outbox has every outbound message once": """
        SELECT m.id FROM bot.messages m JOIN bot.conversations c ON c.id = m.conversation_id
          LEFT JOIN bot.outbox o ON o.message_id = m.id AND o.seq = m.seq
         WHERE c.account = %(account)s AND (m.direction = 'out') <> (o.message_id IS NOT NULL)""",
    "every message is an interaction, and every interaction a message": """
        SELECT m.id, i.idempotency_key
          FROM (SELECT * FROM crm.interactions WHERE account = %(account)s) i
          FULL JOIN (SELECT m.* FROM bot.messages m JOIN bot.conversations c ON c.id = m.conversation_id
                      WHERE c.account = %(account)s) m
            ON i.idempotency_key = 'message:' || m.id AND i.direction = m.direction AND i.occurred_at = m.at
         WHERE m.id IS NULL OR i.id IS NULL""",
    "a contact has an identity": """
        SELECT c.id FROM crm.contacts c WHERE NOT EXISTS (SELECT FROM crm.identities i WHERE i.contact_id = c.id)""",
    "an anonymous contact has one identity": """
        SELECT contact_id FROM crm.identities WHERE account = %(account)s GROUP BY contact_id HAVING count(*) > 1""",
}
ANSWERED_ONCE = {
    # In several lines perhaps, but written down at one moment: by one turn.
    "every message is answered exactly once": """
    SELECT q.id, count(a.id) FROM bot.messages q JOIN bot.conversations c ON c.id = q.conversation_id
      LEFT JOIN bot.messages a ON a.in_reply_to = q.id
     WHERE c.account = %(account)s AND q.direction = 'in' GROUP BY q.id HAVING count(DISTINCT a.at) <> 1"""
}
NO_MARKS = {
    "no mark of an attempt is left of a settled message": """
    SELECT a.blind FROM bot.attempts a JOIN bot.inbox i USING (blind)
     WHERE a.account = %(account)s"""
}


async def audit(pool: Pool, account: str = "shop", *, answered_once: bool = True, no_marks: bool = False) -> list[str]:
    """The rules that do not hold, with examples; empty when all do.

    ``answered_once``: every message is answered exactly once, as it is where no person has taken over. ``no_marks``:
    no settled message has the mark of an attempt, as it is where no process was killed.
    """
    rules = dict(RULES)
    if answered_once:
        rules |= ANSWERED_ONCE
    if no_marks:
        rules |= NO_MARKS
    async with pool.connection() as connection:
        return await broken(connection, rules, account)


async def broken(connection: Connection, rules: Mapping[str, str], account: str = "shop") -> list[str]:
    """Those of ``rules`` that do not hold as the connection sees the store, with examples."""
    faults = [await _fault(connection, name, query, account) for name, query in rules.items()]
    return [fault for fault in faults if fault]


async def _fault(connection: Connection, name: str, query: str, account: str) -> str | None:
    rows = await (await connection.execute(query.encode(), {"account": account})).fetchall()
    return f"broken: {name}: {len(rows)}, such as {rows[:3]}" if rows else None


async def compare(pool: Pool, visitor: Visitor, account: str = "shop") -> list[str]:
    """Where a visitor's copy and acknowledgements differ from the store; empty when they agree in everything."""
    stored = await Thread(pool, KEYS, account, visitor.session.identity).after(0, limit=1_000_000)
    faults = []
    if visitor.thread.messages != [render_message(message) for message in stored]:
        faults.append(f"the visitor has {len(visitor.thread.messages)} messages, the store {len(stored)}, or others")
    seqs = {message.client_msg_id: message.seq for message in stored if message.client_msg_id}
    lost = [client_msg_id for client_msg_id, seq in visitor.acked.items() if seqs.get(client_msg_id) != seq]
    if lost:
        faults.append(f"acknowledged, but not so in the store: {lost[:5]}")
    if list(visitor.acked.values()) != sorted(visitor.acked.values()):
        faults.append("messages stand in another order than they were sent in")
    return faults


async def compare_all(pool: Pool, visitors: Sequence[Visitor], account: str = "shop") -> list[str]:
    """As :func:`compare`, for several."""
    return [fault for visitor in visitors for fault in await compare(pool, visitor, account)]
