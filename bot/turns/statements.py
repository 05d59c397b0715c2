"""The hot path's SQL, read once from the .sql files beside this module."""

from importlib.resources import files


def _read(name: str) -> str:
    return (files("bot.turns") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


MARK = _read("mark")
THREAD = _read("thread")
POSITION = _read("position")

UNMARK = "DELETE FROM bot.attempts WHERE blind = %s AND backend = %s"
RECEIPT = "SELECT bot.receipt(%s, %s, %s)"
RECEIVE = "SELECT * FROM bot.begin_turn(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
RECORD = f"SELECT bot.end_turn({', '.join(['%s'] * 17)})"
