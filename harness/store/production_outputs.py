"""The table of production outputs that wait for a review, each kept once by its id.

Tested in tests/flows/reviews/test_recording.py.
"""

from __future__ import annotations

from sqlalchemy import func, select

from harness.errors import DataError
from harness.records import ProductionOutput
from harness.store import schema
from harness.store.codec import decode, encode
from harness.store.database import Database
from harness.store.insertion import insert_new
from harness.store.keys import key_of
from harness.text.given import beside_input


class ProductionOutputs:
    """Production outputs as a team's own tool recorded them; a review with the same id ends it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, output: ProductionOutput) -> bool:
        """Store an output and return whether it is new; refuse a known id with other texts."""
        table, content = schema.production_outputs, content_of(output)
        row = {
            "id": output.id,
            "content": content,
            "task": output.task,
            "adapter": output.adapter,
            "at": output.at,
            "body": encode(output),
        }
        with self._database.write() as connection:
            if insert_new(connection, table, [row]):
                return True
            kept = connection.execute(select(table.c.content).where(table.c.id == output.id))
            if kept.scalar() != content:
                raise DataError(f"output {output.id!r} is recorded already and says something else")
        return False

    def by_id(self, identity: str) -> ProductionOutput | None:
        """Return the output with this id, or None."""
        table = schema.production_outputs
        with self._database.read() as connection:
            body = connection.execute(select(table.c.body).where(table.c.id == identity)).scalar()
        return None if body is None else decode(body, ProductionOutput)

    def waiting(self, task: str, adapter: str, limit: int) -> list[ProductionOutput]:
        """Return an adapter's outputs without a review, the oldest first."""
        table, reviews = schema.production_outputs, schema.reviews
        asked = (
            select(table.c.body)
            .where(table.c.task == task, table.c.adapter == adapter)
            .where(~select(reviews.c.id).where(reviews.c.id == table.c.id).exists())
            .order_by(table.c.at, table.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [decode(body, ProductionOutput) for body in connection.execute(asked).scalars()]

    def counts(self, task: str, adapter: str) -> tuple[int, int]:
        """Return how many of an adapter's outputs wait, and how many are reviewed."""
        table, reviews = schema.production_outputs, schema.reviews
        mine = (table.c.task == task) & (table.c.adapter == adapter)
        total = select(func.count()).select_from(table).where(mine)
        done = (
            select(func.count())
            .select_from(table.join(reviews, reviews.c.id == table.c.id))
            .where(mine)
        )
        with self._database.read() as connection:
            every = int(connection.execute(total).scalar_one())
            reviewed = int(connection.execute(done).scalar_one())
        return every - reviewed, reviewed


def content_of(output: ProductionOutput) -> str:
    """Return the content key; its time and its author are those of the first call with this id."""
    return key_of(
        "production output",
        task=output.task,
        input=output.input,
        output=output.output,
        slices=dict(output.slices),
        **beside_input(output),
    )
