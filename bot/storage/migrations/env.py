"""Alembic's entry: runs on the connection that ``bot.storage.migrate`` hands over, as the owner."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=None, version_table="schema_version", transaction_per_migration=False
)
with context.begin_transaction():
    context.run_migrations()
