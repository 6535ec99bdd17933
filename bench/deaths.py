"""How a program can die at a failpoint: the cases, and a real process that comes to its end there.

The failpoints are read from the source; there is no list of exceptions.
"""

import itertools
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import rig

KINDS = ("sqlite", "postgresql")
ACTIONS = ("kill", "stop", "raise")
#: Only from here on can the network have the post while its answer is lost.
ANSWERED = ("publish.", "send.", "record.")
#: These are met by `handbill backup` and `handbill restore`, not on a post's way;
COPYING = ("backup.", "restore.", "replace.")
#: and these only where a damaged file is replaced: a server's database is no file.
FILES_ONLY = ("replace.",)
PATIENCE_S = 90.0


@cache
def failpoints() -> list[str]:
    """The names of all failpoints, read from the source."""
    found = {
        call.strip()
        for file in (rig.ROOT / "src").rglob("*.py")
        for call in re.findall(r"(?<!def )failpoint\(([^()]*)\)", file.read_text("utf-8"))
    }
    unreadable = [call for call in found if not re.fullmatch(r'"[\w.]+"', call)]
    if unreadable:
        raise ValueError(f"failpoints whose names cannot be read: {unreadable}")
    return sorted(call.strip('"') for call in found)


@dataclass(frozen=True)
class Case:
    """One death of the program."""

    failpoint: str
    kind: str
    action: str
    repeat: bool = False
    lost: bool = False
    #: By `handbill run`; otherwise by one `handbill tick`, or the command that comes there.
    daemon: bool = False

    @property
    def stage(self) -> str:
        """What the program is about there: `claim`, `arm`, `restore` …"""
        return self.failpoint.partition(".")[0]

    @property
    def is_copying(self) -> bool:
        """Whether a backup is taken or put back there."""
        return self.failpoint.startswith(COPYING)

    @property
    def is_plain(self) -> bool:
        """Whether the short form has it: each failpoint once, in the daemon where it gets there."""
        first_kill = (self.kind, self.action, self.repeat, self.lost) == (KINDS[0], *_PLAIN)
        return first_kill and (self.daemon or self.is_copying or self.stage == "migrate")

    def __str__(self) -> str:
        words = [
            self.failpoint,
            self.kind,
            "repeat" if self.repeat else "first",
            self.action,
            *(["lost"] if self.lost else []),
            *(["run"] if self.daemon else []),
        ]
        return " ".join(words)


_PLAIN = ("kill", False, False)


def cases() -> Iterator[Case]:
    """All of them: copying has no second try and no answer, a migration no second try."""
    for name, kind in itertools.product(failpoints(), KINDS):
        if name.startswith(FILES_ONLY) and kind != "sqlite":
            continue
        if name.startswith(COPYING):
            yield from (Case(name, kind, action) for action in ACTIONS)
            continue
        answers = (False, True) if name.startswith(ANSWERED) else (False,)
        turns = (False,) if name.startswith("migrate.") else (False, True)
        for action, repeat, lost in itertools.product(ACTIONS, turns, answers):
            yield Case(name, kind, action, repeat, lost)
        if not name.startswith("migrate."):  # only `init` begins a database
            yield from (Case(name, kind, "kill", lost=lost, daemon=True) for lost in answers)


def victim(home: Path, case: Case, *command: str) -> "subprocess.Popen[bytes]":
    """The real program, with its end before it."""
    with (home / "victim.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "handbill", *command],
            stdout=log,
            stderr=log,
            env=rig.environment(home, {"FAILPOINT": f"{case.failpoint}:{case.action}"}),
            cwd=home,
        )


def met_its_end(dying: "subprocess.Popen[bytes]", home: Path, action: str) -> bool:
    """Whether the process came to the failpoint."""
    if action == "stop":
        return _froze(dying)
    try:
        code = dying.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:  # a daemon that has nothing to do there lives on
        return False
    if action == "kill":
        return code == -signal.SIGKILL
    return "Broken" in (home / "victim.log").read_text()


def _froze(dying: "subprocess.Popen[bytes]") -> bool:
    state = Path(f"/proc/{dying.pid}/stat")
    while dying.poll() is None:
        if state.read_text().rpartition(")")[2].split()[0] == "T":
            return True
        time.sleep(0.02)
    return False


def thaw(frozen: "subprocess.Popen[bytes]", after_s: float) -> None:
    """Let it go on, later than it may send."""
    time.sleep(after_s)
    frozen.send_signal(signal.SIGCONT)
    frozen.wait(timeout=PATIENCE_S)
