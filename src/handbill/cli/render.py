"""Shows things in a terminal: tables, times with their zone, and nothing that could act there."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from handbill.domain import promises
from handbill.domain.lifecycle import LABELS, Status
from handbill.domain.text import quotes
from handbill.domain.text.characters import printable
from handbill.domain.zones import show

if TYPE_CHECKING:
    from rich.table import Table

    from handbill.store.listings import Entry


def say(text: str) -> None:
    """Lines for a person, on standard output; nothing in them acts on the terminal."""
    typer.echo(printable(text, newlines=True))


def hint(text: str) -> None:
    """The next thing to do, on standard error, so that it never ends up in a pipe."""
    typer.echo(printable(f"  → {text}", newlines=True), err=True)


def as_json(value: object) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as the terminal; cells are made safe to show."""
    from rich.console import Console

    Console().print(make_table(columns, rows))


def make_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> "Table":
    """The table itself, for a live view."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        made.add_row(*(Text(printable(cell, newlines=True)) for cell in row))
    return made


def time(moment: datetime | None, zone: str) -> str:
    """A time in its zone; a dash when there is none."""
    return show(moment, ZoneInfo(zone)) if moment else "–"


def brief(moment: datetime | None, zone: str) -> str:
    """A time with its zone's abbreviation only, where a table is narrow."""
    return time(moment, zone).removesuffix(f" ({zone})")


def where(entry: "Entry") -> str:
    """The account as people know it, and its network."""
    return f"{entry.account.handle or entry.account.name} on {network(entry.account.network)}"


def network(name: str) -> str:
    """A network's name as people write it."""
    return name.capitalize()


def utc(moment: datetime) -> str:
    """A time in UTC, for the second opinion."""
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + " UTC"


def late(by: timedelta) -> str:
    """How late a post went out."""
    seconds = by.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s late" if seconds >= 0.05 else "on time"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min late" if hours else f"{minutes} min {seconds} s late"


def status(value: Status) -> str:
    """A status with a sign of its own, so that colour is never needed."""
    signs = {
        Status.PUBLISHED: "✓",
        Status.FAILED: "✗",
        Status.MISSED: "✗",
        Status.IN_DOUBT: "?",
        Status.PUBLISHING: "→",
        Status.QUEUED: "·",
    }
    return f"{signs.get(value, ' ')} {LABELS[value]}"


def short(entry: "Entry", width: int = 60) -> str:
    """The beginning of a post's text on one line, and how many pictures and parts it has."""
    text = " ".join(entry.parts[0].text.split())
    text = text if len(text) <= width else text[: width - 1].rstrip() + "…"
    images = sum(len(part.images) for part in entry.parts)
    marks = [f"+{images} picture{'s' * (images > 1)}"] if images else []
    marks += [f"{len(entry.parts)} parts"] if len(entry.parts) > 1 else []
    return f"{text} [{', '.join(marks)}]" if marks else text


def what_next(entry: "Entry", missed: int = 1) -> str | None:
    """The command that mends a post which needs eyes; `missed` is how many were missed in all."""
    from handbill.store.restoring import is_unasked

    post = entry.post
    if post.status is Status.IN_DOUBT:
        if any(attempt.next_look_at for attempt in entry.attempts):
            return (
                "While `handbill run` runs, it asks the network by itself. If you know better: "
                f"handbill queue confirm {post.id} --url LINK, or handbill queue deny {post.id}"
            )
        if any(map(is_unasked, entry.attempts)):
            return (
                "After `handbill resume` the network is asked. If you know better: "
                f"handbill queue confirm {post.id} --url LINK, or handbill queue deny {post.id}"
            )
        return (
            f"Look at the account yourself. If it is there: handbill queue confirm {post.id} "
            f"--url LINK; if it is not: handbill queue deny {post.id}"
        )
    if post.attention and post.attention.startswith(promises.CHANGED) and post.due_at:
        return promises.way_on(post.id, post.due_at, post.due_wall or "")
    if post.attention and post.attention.startswith(quotes.GONE):
        return (
            f"handbill queue edit {post.id} --text TEXT, or handbill queue cancel {post.id}; "
            f"other quotes: handbill tease {entry.review.slug if entry.review else 'REVIEW'}"
        )
    if post.status is Status.PUBLISHED and post.attention:
        return f"Look at both, then say that you have: handbill queue confirm {post.id}"
    if post.status is Status.MISSED and missed > 1:
        return (
            f"all {missed} again, one by one: handbill queue requeue --missed; this one: "
            f"handbill queue requeue {post.id} --at WHEN, or handbill queue cancel {post.id}"
        )
    if post.status is Status.MISSED:
        return (
            f"handbill queue reschedule {post.id} --at WHEN (or --now), "
            f"or handbill queue cancel {post.id}"
        )
    if post.status is Status.FAILED:
        return (
            f"handbill queue edit {post.id} --text TEXT, then handbill queue reschedule "
            f"{post.id} --at WHEN; or handbill queue cancel {post.id}"
        )
    return None


def posts(entries: "Sequence[Entry]", most: int = 10) -> None:
    """One line for each post: its number, account and time, and how its text begins."""
    for entry in entries[:most]:
        due = time(entry.post.due_at, entry.post.zone)
        say(f"  #{entry.post.id} to {entry.account.name}, {due}: {short(entry)}")
    if len(entries) > most:
        say(f"  … and {len(entries) - most} more: handbill queue list")


def posts_json(entries: Iterable["Entry"]) -> list[dict[str, Any]]:
    """The `--json` of posts."""
    from handbill.services.history import as_json as one

    return [one(entry) for entry in entries]
