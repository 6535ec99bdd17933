"""A home folder and a shell to type commands in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.store.engine import make_engine
from tests.cli.shell import Shell


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Path:
    """A home whose database is made already, as only the first command does that."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "handbill.db")
    return folder


@pytest.fixture
def shell(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell in which every command is given that home."""
    monkeypatch.setenv("COLUMNS", "160")
    return Shell(home, monkeypatch, capsys)


@pytest.fixture
def store(home: Path) -> Iterator[Engine]:
    """The database of that home, for what no command brings about."""
    engine = make_engine(f"sqlite:///{home / 'handbill.db'}")
    yield engine
    engine.dispose()
