"""A store's file with other bytes than were written: it opens, or is refused in one line.

found = damaged(folder, seed=1, wanted=200)
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from harness.errors import HarnessError
from harness.store import Store

PAGE = 4096


def damaged(folder: Path, seed: int, wanted: int) -> list[str]:
    """Return what went wrong with damaged copies of a store: a bug's name, or a bad line."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = folder / "sound.db"
    Store(f"sqlite:///{sound}", folder).close()
    wrong = []
    for number, content in enumerate(copies(sound.read_bytes(), random.Random(seed), wanted)):
        file = folder / f"damaged-{number}.db"
        file.write_bytes(content)
        try:
            with closing(Store(f"sqlite:///{file}", folder)) as store:
                store.decisions.all()
                store.runs.ids()
                store.reviews.count()
        except HarnessError as problem:
            if not str(problem).isprintable() or problem.exit_code != 11:
                wrong.append(f"copy {number}: {problem!r}")
        except Exception as problem:  # whatever else comes is what is looked for
            wrong.append(f"copy {number}: {type(problem).__name__}")
        for left in folder.glob(f"{file.name}*"):
            left.unlink()
    return wrong


def copies(sound: bytes, chance: random.Random, wanted: int) -> Iterator[bytes]:
    """Yield damaged copies: in the header, the schema's page and its words, or cut off."""
    words = (b"CREATE TABLE", b"CREATE INDEX", b"decisions", b"alembic_version", b"runs")
    for number in range(wanted):
        content = bytearray(sound)
        if number % 4 == 0:
            at, length = chance.randrange(100, PAGE), chance.choice((1, 4, 50, 500))
            content[at : at + length] = chance.randbytes(length)
        elif number % 4 == 1:
            content[chance.randrange(100)] = chance.randrange(256)
        elif number % 4 == 2:
            at = sound.find(chance.choice(words))
            content[at : at + 3] = bytes((chance.choice((0, 0xC3, 0xFF)), 0xFF, 0xFE))
        else:
            del content[chance.randrange(len(content)) :]
        yield bytes(content)
