"""Lives of a queue on the real store: workers, people and a bad network do anything in any order.

The machine and the laws are those of `tests/store/protocol.py`; here it runs for long, and each
time with other dice. A broken law is told on stderr with the shortest way to it that was found.
"""

import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from bench import servers
from bench.stock import DATABASES
from handbill.store.schema import open_store
from tests.store.protocol import Protocol, profile

#: How many lives in full and in short; on a server each takes three times as long.
LIVES = {"sqlite": (2000, 50), "postgresql": (500, 10)}
STEPS = 50


def run(short: bool = False, databases: Sequence[str] = DATABASES) -> int:
    """Print how many lives were lived, and how many laws were broken; 1 if any."""
    start = SystemRandom().randrange(2**32)
    tally, wanted, violations = Counter[str](), 0, 0
    for kind in databases:
        count = LIVES[kind][short]
        wanted += count
        with (
            tempfile.TemporaryDirectory() as folder,
            servers.database(kind, Path(folder)) as address,
        ):
            engine = open_store(address or f"sqlite:///{folder}/handbill.db")
            violations += _violations(engine, count, start, tally)
            engine.dispose()
    print(
        f"stateful examples={tally['examples']} steps={tally['steps']} violations={violations} "
        f"sent={tally['sent']} landed_late={tally['landed late']} "
        f"doubts={tally['publishing>in_doubt']} taken_back={tally['expired']} "
        f"recorded_late={tally['recorded late']} dice={start}"
    )
    return int(violations > 0 or tally["examples"] < wanted)


def _violations(engine: Engine, count: int, start: int, tally: Counter[str]) -> int:
    """How many laws are broken in so many lives; hypothesis looks for the shortest way to each."""

    @seed(start)
    def live() -> Protocol:
        if sys.stderr.isatty():
            print(f"\r{tally['examples']} lives", end="", file=sys.stderr)
        return Protocol(engine, tally)

    serves_as_a_class: Any = live
    try:
        run_state_machine_as_test(serves_as_a_class, settings=profile(count, STEPS))
    except Exception as error:  # noqa: BLE001  a law is broken, or the store itself broke down
        traceback.print_exception(error)
        return len(error.exceptions) if isinstance(error, ExceptionGroup) else 1
    return 0


if __name__ == "__main__":
    sys.exit(run(short="--short" in sys.argv))
