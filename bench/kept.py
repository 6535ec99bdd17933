"""The latest results, kept in docs/reliability.md with date, commit and machine."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from handbill.clock import now

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
_BLOCK = re.compile(r"(<!-- figures -->\n```\n)(.*?)(```\n)", re.DOTALL)


def keep(name: str, lines: Sequence[str], commit: str) -> None:
    """Put a figure's lines in the place of its older ones; the order of names is kept. `commit` is
    what `source` said before the run."""
    page = PAGE.read_text("utf-8")
    found = _BLOCK.search(page)
    if found is None:
        raise ValueError(f"{PAGE} has no block of figures")
    head = f"# {now():%Y-%m-%d} · commit {commit} · {_machine()}"
    sections = _sections(found[2])
    sections[name] = [head, *lines]
    block = "\n\n".join("\n".join(sections[name]) for name in sections) + "\n"
    PAGE.write_text(page[: found.start(2)] + block + page[found.end(2) :], "utf-8")


def _sections(block: str) -> dict[str, list[str]]:
    """The kept lines by figure; a figure's lines begin with its name."""
    found: dict[str, list[str]] = {}
    for section in block.strip().split("\n\n"):
        lines = section.splitlines()
        if len(lines) > 1:
            found[lines[1].split()[0]] = lines
    return found


def source() -> str:
    """The commit that is checked out, with a word when the sources differ from it."""
    commit = _git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{commit} with changes" if _git("status", "--porcelain", "src", "bench") else commit


def _git(*command: str) -> str:
    answer = subprocess.run(
        ["git", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}"
    )
