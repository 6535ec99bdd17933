"""The real server in a process of its own, as a user starts it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.rehearsal.driving import StandIn


@pytest.fixture(scope="session")
def _running() -> Iterator[str]:
    command = [sys.executable, "-m", "handbill.rehearsal", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        word, _, base = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        yield base
        process.terminate()
        assert process.wait(timeout=5) == 0


@pytest.fixture
def stand_in(_running: str) -> StandIn:
    """A server with an empty ledger and no faults."""
    server = StandIn(_running)
    server.plan()
    requests.post(f"{server.base}/_rehearsal/reset", timeout=5).raise_for_status()
    return server
