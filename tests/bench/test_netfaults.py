"""The figure `netfaults`: a thin slice of it is right, and whatever is wrong is counted."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import pytest

from bench import netfaults
from bench.netfaults import answers, oddities, resets, sweeps
from bench.netfaults.answers import problem, whole
from bench.netfaults.case import KEYS, NOON, Case, publish
from bench.netfaults.server import ACCEPT, say
from handbill.domain.outcomes import Busy, NotSent, Outcome, Receipt, Refused, Unknown

FINE = Case("made", (Receipt,), (ACCEPT,))
BROKEN = Case("503", (Unknown,), (say(whole(503, problem(503, "Service Unavailable"))),))
RESTING = Case("429", (Busy,), (say(whole(429, problem(429, "Too Many Requests"))),))


def figure(capsys: pytest.CaptureFixture[str], *cases: Case) -> tuple[int, str, str]:
    """What is returned, printed, and said of the cases that were wrong."""
    worst = netfaults.tell(netfaults.play(cases))
    printed = capsys.readouterr()
    return worst, printed.out, printed.err


def test_a_thin_slice_is_told_for_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    rooms = (answers, resets, oddities, sweeps)
    chosen = list(chain.from_iterable(list(room.cases())[3::41] for room in rooms))
    worst, printed, wrong = figure(capsys, *chosen)
    assert wrong == ""
    assert printed == (f"netfaults cases={len(chosen)} misclassified=0 twice=0 hangs=0 leaks=0\n")
    assert worst == 0
    assert len(chosen) > 80


@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")
def test_the_full_form_has_as_many_cases_as_the_bar_asks_for() -> None:
    assert len(list(chain.from_iterable(netfaults.rooms()))) >= netfaults.WANTED_CASES


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BROKEN, expected=(Receipt,)),
        replace(BROKEN, expected=(NotSent,)),
        replace(FINE, expected=(Unknown,)),
        replace(FINE, requests=(0,)),
        replace(RESTING, within=(NOON - NOON, NOON - NOON)),
        replace(FINE, pushed=5),
    ],
)
def test_a_wrong_outcome_is_counted_and_named(
    capsys: pytest.CaptureFixture[str], wrong: Case
) -> None:
    worst, printed, named = figure(capsys, FINE, wrong, BROKEN, RESTING)
    assert worst == 1
    assert printed == "netfaults cases=4 misclassified=1 twice=0 hangs=0 leaks=0\n"
    assert named.startswith(f"{wrong.name}: ")


def twice(url: str, case: Case) -> Outcome:
    publish(url, case)
    return publish(url, case)


def at_its_ease(url: str, case: Case) -> Outcome:
    return publish(url, replace(case, deadline_s=5.0))


def loose_tongued(url: str, case: Case) -> Outcome:
    logging.getLogger("handbill").debug("sent with %s", KEYS["access_token_secret"])
    return publish(url, case)


def talkative(url: str, case: Case) -> Outcome:
    return Refused(f"No: {KEYS['api_secret'][:12]} …")


def raising(url: str, case: Case) -> Outcome:
    raise ValueError(KEYS["access_token"])


@pytest.mark.parametrize(
    ("attempt", "changes", "counted"),
    [
        (twice, {}, "misclassified=1 twice=1 hangs=0 leaks=0"),
        (at_its_ease, {"deadline_s": -1.0}, "misclassified=0 twice=0 hangs=1 leaks=0"),
        (loose_tongued, {}, "misclassified=0 twice=0 hangs=0 leaks=1"),
        (
            talkative,
            {"expected": (Refused,), "requests": (0,)},
            "misclassified=0 twice=0 hangs=0 leaks=1",
        ),
        (raising, {}, "misclassified=1 twice=0 hangs=0 leaks=1"),
    ],
)
def test_two_requests_a_late_end_and_a_key_that_is_told_are_counted(
    capsys: pytest.CaptureFixture[str],
    attempt: Callable[[str, Case], Outcome],
    changes: dict[str, object],
    counted: str,
) -> None:
    wrong = replace(FINE, attempt=attempt, **changes)  # type: ignore[arg-type]
    worst, printed, named = figure(capsys, FINE, wrong)
    assert (worst, printed) == (1, f"netfaults cases=2 {counted}\n")
    assert named


def test_too_few_cases_are_below_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert netfaults.tell(netfaults.play([FINE]), wanted=2) == 1
    assert "misclassified=0" in capsys.readouterr().out
