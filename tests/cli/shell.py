"""Types commands, in this process (quick) or as a program of its own (the real thing)."""

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handbill.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A shell in which every command is given the same home."""

    home: Path
    _monkeypatch: pytest.MonkeyPatch
    _capsys: pytest.CaptureFixture[str]

    def __call__(self, *command: str, stdin: str = "") -> Answer:
        """Run a command in this process."""
        self._monkeypatch.setattr(sys, "argv", ["handbill", "--home", str(self.home), *command])
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # commands set their own
        self._capsys.readouterr()
        try:
            code: object = main()
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        return Answer(code, *self._capsys.readouterr())

    def fine(self, *command: str, stdin: str = "") -> Answer:
        """Run a command that must succeed."""
        answer = self(*command, stdin=stdin)
        assert answer.code == 0, answer
        return answer


def program(*command: str | bytes, stdin: bytes = b"") -> Answer:
    """Run the real program as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
