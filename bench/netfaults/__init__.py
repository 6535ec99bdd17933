"""Plays every fault of a network to the real X adapter over real sockets: each must be told for
what it is, once, in time, and without a word of our keys."""

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from bench.netfaults import (
    answers,
    oddities,
    pictures,
    resets,
    slow,
    strangers,
    sweeps,
    unreachable,
)
from bench.netfaults.case import Case, Verdict, judge, logging_everything
from bench.netfaults.server import serving

WANTED_CASES = 2000
#: The short form takes every so many-th case of each kind.
SHORT_STEP = 12
#: Cases that wait are played beside each other.
SIDE_BY_SIDE = 8


def run(short: bool = False) -> int:
    """Print how many cases there were and how many were not as they must be; 1 if any."""
    step = SHORT_STEP if short else 1
    chosen = chain.from_iterable(list(room)[::step] for room in rooms(short))
    return tell(play(list(chosen)), wanted=0 if short else WANTED_CASES)


def rooms(short: bool = False) -> Iterable[Iterable[Case]]:
    """The cases, kind by kind; the short form has no minute to wait."""
    yield from (room.cases() for room in (answers, resets, oddities, sweeps))
    yield from (room.cases() for room in (unreachable, slow, pictures, strangers))
    if not short:
        yield from (room.minute_cases() for room in (unreachable, slow, pictures))


def play(cases: Sequence[Case]) -> list[Verdict]:
    """Play them all: those that wait beside each other, the others one by one."""
    waiting = sorted((case for case in cases if case.waits), key=lambda case: -case.deadline_s)
    with logging_everything(), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        aside = [pool.submit(_alone, case) for case in waiting]
        verdicts = list(_one_by_one([case for case in cases if not case.waits]))
        return [*verdicts, *(one.result() for one in aside)]


def _one_by_one(cases: Sequence[Case]) -> Iterable[Verdict]:
    with serving() as server:
        for number, case in enumerate(cases, 1):
            yield judge(case, server)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number} of {len(cases)} … ")


def _alone(case: Case) -> Verdict:
    with serving() as server:
        return judge(case, server)


def tell(verdicts: Sequence[Verdict], wanted: int = 0) -> int:
    """Print the figure, and on standard error every case that was wrong."""
    for verdict in verdicts:
        for what in verdict.wrongs:
            sys.stderr.write(f"{verdict.case.name}: {what}\n")
    wrong = {
        "misclassified": sum(bool(verdict.misclassified) for verdict in verdicts),
        "twice": sum(verdict.twice for verdict in verdicts),
        "hangs": sum(verdict.hung for verdict in verdicts),
        "leaks": sum(verdict.leaked for verdict in verdicts),
    }
    shown = " ".join(f"{name}={number}" for name, number in wrong.items())
    print(f"netfaults cases={len(verdicts)} {shown}")
    return int(any(wrong.values()) or len(verdicts) < wanted)
