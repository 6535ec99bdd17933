"""Lets two workers, people and a bad network do anything in any order on the real store."""

import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from random import SystemRandom

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from bench import rig
from handbill.store.schema import open_store
from tests.store.protocol import Protocol, profile

STEPS = 50


def run(short: bool = False) -> int:
    """Print how many lives of a queue were lived, and in how many a law was broken; 1 if any."""
    start = SystemRandom().randrange(2**32)
    counts = {"sqlite": 50} if short else {"sqlite": 2000, "postgresql": 200}
    tally, violations = Counter[str](), 0
    for kind, count in counts.items():
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with rig.database(kind, home) as address:
                engine = open_store(address or f"sqlite:///{home / 'handbill.db'}")
                violations += _violations(engine, count, start, tally)
                engine.dispose()
    print(
        f"stateful examples={tally['examples']} steps={tally['steps']} violations={violations} "
        f"sent={tally['sent']} doubts={tally['publishing>in_doubt']} "
        f"landed_late={tally['landed late']} seed={start}"
    )
    return int(violations > 0 or tally["examples"] < sum(counts.values()))


def _violations(engine: Engine, count: int, start: int, tally: Counter[str]) -> int:
    def live() -> Protocol:
        if sys.stderr.isatty():
            print(f"\r{tally['examples']} examples", end="", file=sys.stderr)
        return Protocol(engine, tally)

    try:
        run_state_machine_as_test(seed(start)(live), settings=profile(count, STEPS))  # type: ignore
    except Exception as error:  # noqa: BLE001  a broken law, or whatever else breaks
        traceback.print_exception(error)
        return len(error.exceptions) if isinstance(error, ExceptionGroup) else 1
    return 0


if __name__ == "__main__":
    sys.exit(run(short="--short" in sys.argv))
