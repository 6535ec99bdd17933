"""Copies all rows from one database to another, whatever the kind of either.

The copy is of one moment: nobody who writes meanwhile waits for it, or is seen by it.
"""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

from handbill.store.engine import begin, snapshot

CHUNK = 1000
#: Who published belongs to the machines, not to what is kept.
LEFT_OUT = frozenset({"worker"})

#: Is told of a longer work: what it is, how much is done, and of how much.
Told = Callable[[str, int, int], None]


def tables() -> list[sa.Table]:
    """What is copied; whatever a table refers to comes before it."""
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in LEFT_OUT]


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    found = {}
    for table in tables():
        found[table.name] = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    return found


def fill(source: Connection, target: Connection, told: Told) -> dict[str, int]:
    """Copy all rows into empty tables; answers how many each had."""
    rows, done = counts(source), 0
    for table in tables():
        query = sa.select(table).order_by(*table.primary_key)
        found = source.execute(query, execution_options={"yield_per": CHUNK})
        for some in found.mappings().partitions():
            target.execute(sa.insert(table), [dict(row) for row in some])
            done += len(some)
            told("rows", done, sum(rows.values()))
    _count_on(target)
    return rows


def _count_on(target: Connection) -> None:
    """Let new rows have new numbers. SQLite sees to that by itself."""
    if target.dialect.name != "postgresql":
        return
    for table in tables():
        if "id" in table.columns:
            newest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
            target.execute(
                sa.select(
                    sa.func.setval(
                        sa.func.pg_get_serial_sequence(table.name, "id"), newest, sa.false()
                    )
                )
            )


def replace_all(
    source: Engine, target: Engine, look: Callable[[dict[str, int]], None], told: Told
) -> None:
    """Put the source's rows in the place of the target's, in one transaction.

    `look` is told how many rows of each table will be gone, while nobody else can add any; what it
    raises leaves everything as it was.
    """
    with snapshot(source) as theirs, begin(target) as ours:
        if target.dialect.name == "postgresql":
            names = ", ".join(f'"{table.name}"' for table in tables())
            ours.execute(sa.text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        look(counts(ours))
        for table in reversed(tables()):
            ours.execute(sa.delete(table))
        fill(theirs, ours, told)
