"""Fixtures of the rehearsal as a process; a room's conftest imports what it needs."""

from collections.abc import Generator
from pathlib import Path

import pytest

from bench import rig


@pytest.fixture(scope="session")
def running_stage(tmp_path_factory: pytest.TempPathFactory) -> Generator[rig.Stage]:
    """One rehearsal for the whole run of this worker."""
    with rig.rehearsal(tmp_path_factory.mktemp("rehearsal")) as stage:
        yield stage


@pytest.fixture
def stage(running_stage: rig.Stage) -> rig.Stage:
    """The rehearsal with an empty ledger and no faults."""
    running_stage.reset()
    return running_stage


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for settings and database."""
    return tmp_path / "home"
