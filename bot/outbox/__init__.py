"""What is said goes out: in order per conversation, exactly once or marked unknown; used by turns, desk and care alike.

No channel is known here: each brings its :class:`~bot.outbox.deliverer.Deliverer`.
"""
