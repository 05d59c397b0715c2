"""Training in a process of its own: ``python -m knowledge_base.train`` reads articles and writes a packed engine.

Training takes seconds of a core and some hundred megabytes for a moment; a server has neither to spare.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence

from knowledge_base.articles import Article, article_from_json
from knowledge_base.calibration import Thresholds
from knowledge_base.engine import Engine
from knowledge_base.packing import pack

WITHIN_S = 600.0


class TrainingFailed(Exception):
    """The training process ended badly; the message is the end of what it said."""


async def train_apart(articles: Sequence[Article]) -> bytes:
    """The packed engine for these articles. Raises :class:`TrainingFailed`, also when it takes over ten minutes."""
    given = json.dumps([article.as_json() for article in articles]).encode()
    # One thread: the matrices are small, and a thread per core would fight with whoever answers customers meanwhile.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "knowledge_base.train",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            trained, said = await process.communicate(given)
    except TimeoutError:
        raise TrainingFailed(f"no result within {WITHIN_S:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise TrainingFailed(said.decode(errors="replace").strip()[-500:])
    return trained


def main() -> None:
    """Reads a JSON list of articles from standard input, writes the packed engine to standard output."""
    articles = [article_from_json(values) for values in json.load(sys.stdin.buffer)]
    sys.stdout.buffer.write(pack(Engine.train(articles, Thresholds())))


if __name__ == "__main__":
    main()
