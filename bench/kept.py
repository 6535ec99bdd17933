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


def keep(name: str, lines: Sequence[str]) -> None:
    """Put a figure's lines in the place of its older ones; the order of names is kept."""
    page = PAGE.read_text("utf-8")
    found = _BLOCK.search(page)
    if found is None:
        raise ValueError(f"{PAGE} has no block of figures")
    head = f"# {now():%Y-%m-%d} · commit {_commit()} · {_machine()}"
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


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}"
    )
