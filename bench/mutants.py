"""How many changed versions of the publish core the tests notice; mutmut makes them and runs this.

`make mutants` loads this module into mutmut's own pytest, and prints its one line at the end.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

BAR_PERCENT = 90.0
#: What mutmut keeps, beside the changed sources.
RESULTS = Path("mutants")
#: Where what one writer does while another is at it is tested, on a server.
SIDE_BY_SIDE = "test_side_by_side.py"
#: pytest's codes for: passed; a test failed, or could not be made at all (the mutant broke what it
#: stands on); nothing collected. And mutmut's own for: no test comes by; a test never ended.
SURVIVED, KILLED, UNTESTED, ENDLESS = 0, (1, 3), (5, 33), (36, 24, 152, -24)

# As a plug-in of pytest


def pytest_configure() -> None:
    """Draw the same examples for every mutant, let a busy machine take its time, and stay out of
    the folder of other tests: every session of pytest locks it up anew."""
    folder = Path("tmp").absolute()
    folder.mkdir(exist_ok=True)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A mutant is for the tests of its own room to notice, the quick ones first; those that need
    a server come last."""
    items[:] = [item for item in items if not _needs_server(item) or item.path.name == SIDE_BY_SIDE]
    mutant = os.environ.get("MUTANT_UNDER_TEST", "")
    if mutant.startswith("handbill."):
        room = mutant.split(".")[1]
        items[:] = [item for item in items if room in item.path.parts]
    try:
        took = json.loads(Path("mutmut-stats.json").read_text("utf-8"))["duration_by_test"]
    except FileNotFoundError:
        took = {}
    items.sort(key=lambda item: (_needs_server(item), took.get(item.nodeid, 0), item.nodeid))


def _needs_server(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgres") is not None


def pytest_runtest_setup() -> None:
    """Build anew what the store builds once, at import: before mutmut has chosen a mutant."""
    from handbill.store import arming, claims, plain

    claims._CLAIMABLE = claims._claimables()
    claims._TAKE = claims._taking()
    arming._ARM = arming._arming()
    arming._LEAVE = arming._leaving()
    plain._PUBLISH = plain._publishing()


# As a figure


def run(short: bool = False) -> int:
    """Count what mutmut found. There is no short form."""
    del short
    found = Counter[str]()
    for file in sorted(RESULTS.rglob("*.py.meta")):
        for code in json.loads(file.read_text("utf-8"))["exit_code_by_key"].values():
            found["total"] += 1
            found[_became(code)] += 1
    found["killed"] += found["endless"]
    percent = 100 * found["killed"] / (found["total"] or 1)
    print(
        f"mutants total={found['total']} killed={found['killed']} survived={found['survived']} "
        f"untested={found['untested']} of_them_endless={found['endless']} "
        f"broken={found['broken']} percent={percent:.1f}"
    )
    return int(percent < BAR_PERCENT or found["broken"] > 0)


def _became(code: int | None) -> str:
    if code == SURVIVED:
        return "survived"
    if code is None or code in UNTESTED:
        return "untested"
    return "killed" if code in KILLED else "endless" if code in ENDLESS else "broken"


if __name__ == "__main__":
    sys.exit(run())
