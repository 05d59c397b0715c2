"""The hot path's SQL, read once from the .sql files beside this module."""

from importlib.resources import files

from bot.storage.exchange import Statement


def _read(name: str) -> str:
    return (files("bot.turns") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


THREAD = _read("thread")
POSITION = _read("position")

RECEIPT = "SELECT bot.receipt(%s, %s, %s)"

MARK = Statement("mark", _read("mark"))
UNMARK = Statement("unmark", "DELETE FROM bot.attempts WHERE blind = $1 AND backend = $2")
RECEIVE = Statement("receive", "SELECT * FROM bot.begin_turn($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)")
RECORD = Statement("record", f"SELECT bot.record_turn({','.join(f'${number}' for number in range(1, 30))})")
