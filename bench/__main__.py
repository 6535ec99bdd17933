"""`python -m bench [NAME …]`: print these figures, or all of a group; exit 1 if one is below its
bar."""

import argparse
import compileall
import importlib
import inspect
import io
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO

from bench import kept
from bench.stock import DATABASES

#: How quick, and how dear: hints, on a machine that others share.
SPEED = ("startup", "idle", "punctual", "now", "burst", "scale", "growth", "text", "tease")
#: What is counted must be right on any machine, however slow: rules of times, answers and steps,
RULES = ("dst", "netfaults", "stateful")
#: and runs in which something is killed, cut, filled up or lied to.
CHAOS = ("killpoints", "ambiguity", "drain", "fulldisk", "chaos", "pgchaos")
NAMES = (*SPEED, *RULES, *CHAOS)
GROUPS = {"speed": SPEED, "counted": (*RULES, *CHAOS)}
#: What runs when none is named.
USUAL = (*SPEED, *RULES)


class _Tee(io.StringIO):
    """Shows what is printed, and keeps it."""

    def __init__(self, shown: TextIO) -> None:
        super().__init__()
        self._shown = shown

    def write(self, text: str) -> int:
        self._shown.write(text)
        self._shown.flush()
        return super().write(text)


def main() -> int:
    """Run the named figures, or all."""
    given = _arguments()
    compileall.compile_dir(str(Path(__file__).parents[1] / "src"), quiet=2)
    worst = 0
    for name in _chosen(given.names) or (NAMES if given.short else USUAL):
        printed, commit = _Tee(sys.stdout), kept.source()
        with redirect_stdout(printed):
            result = _run(name, given.short, given.database or DATABASES)
        if given.keep and kept.source() != commit:
            print(f"{name} is not kept: the sources were changed meanwhile", file=sys.stderr)
            result = 1
        elif given.keep:
            kept.keep(name, printed.getvalue().splitlines(), commit)
        worst = max(worst, result)
    return worst


def _arguments() -> argparse.Namespace:
    known = ", ".join([*GROUPS, *NAMES])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {known}")
    parser.add_argument("--short", action="store_true", help="the short form, as CI runs it")
    parser.add_argument(
        "--keep", action="store_true", help=f"write the lines into {kept.PAGE.name}"
    )
    parser.add_argument(
        "--database",
        action="append",
        choices=DATABASES,
        help="only this one, for the figures that have one; default: both",
    )
    given = parser.parse_args()
    if unknown := set(given.names) - {*GROUPS, *NAMES}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {known}")
    return given


def _chosen(names: Sequence[str]) -> list[str]:
    """Each once, in the order in which they or their groups are named."""
    return list(dict.fromkeys(name for given in names for name in GROUPS.get(given, (given,))))


def _run(name: str, short: bool, databases: Sequence[str]) -> int:
    run: Callable[..., int] = importlib.import_module(f"bench.{name}").run
    if "databases" in inspect.signature(run).parameters:
        return run(short=short, databases=databases)
    return run(short=short)


if __name__ == "__main__":
    sys.exit(main())
