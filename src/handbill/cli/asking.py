"""What several commands ask for: texts, pictures, times, and whether a guess is right."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handbill.cli import render
from handbill.errors import InputProblem, NotFound

if TYPE_CHECKING:
    from handbill.domain.when import Moment
    from handbill.inputs import ImageIn, TimeIn
    from handbill.services.moments import Confirm

#: The largest number that a database gives a post.
MOST = 2**31 - 1


def _number(number: int) -> int:
    if not 0 < number <= MOST:
        raise NotFound(f"There is no post #{number}.", "See: handbill queue list")
    return number


Number = Annotated[int, typer.Argument(help="The post's number.", callback=_number)]
At = Annotated[
    str | None,
    typer.Option(help="2026-11-27 18:30, fri 18:30, tomorrow 9am, +2h; of a review embargo+0."),
]
Now = Annotated[bool, typer.Option("--now", help="As soon as the daemon sees it.")]
Zone = Annotated[str | None, typer.Option(help="Zone of the time; else the account's.")]
Fold = Annotated[
    str | None, typer.Option(help="earlier or later, when the clocks go back in that hour.")
]
Limit = Annotated[str | None, typer.Option(help="How late it may leave, e.g. 2h.")]
Images = Annotated[
    list[Path] | None, typer.Option("--image", help="A picture; up to four, each with --alt.")
]
Alts = Annotated[
    list[str] | None,
    typer.Option("--alt", help="What the picture shows, for those who cannot see it."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Take a guessed time without asking.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def text_of(given: str | None) -> str:
    if given == "-":
        text = sys.stdin.read()
        return text.removesuffix("\n")
    return given or ""


def images_of(files: list[Path] | None, alts: list[str] | None) -> "list[ImageIn] | None":
    from handbill.inputs import ImageIn

    files, alts = files or [], alts or []
    if len(files) != len(alts) or any(not alt.strip() for alt in alts):
        raise InputProblem(
            f"{len(files)} picture(s), but {len([a for a in alts if a.strip()])} description(s).",
            "Give each --image its --alt: what it shows, for those who cannot see it.",
        )
    pairs = zip(files, alts, strict=True)
    return [ImageIn(file=str(file), alt=alt) for file, alt in pairs] or None


def time_of(
    at: str | None, now: bool, zone: str | None, fold: str | None, limit: str | None
) -> "TimeIn":
    from handbill.inputs import TimeIn

    if now and at is not None:
        raise typer.BadParameter("give either --at or --now", param_hint="--at")
    return TimeIn(at="now" if now else at, zone=zone, fold=fold, no_later_than=limit)


def confirmation(yes: bool) -> "Confirm":
    def ask(text: str, moment: "Moment") -> bool:
        reading = f"'{text}' would be {render.time(moment.at, moment.zone)}"
        if yes:
            typer.echo(reading, err=True)
            return True
        return sys.stdin.isatty() and typer.confirm(f"{reading}. Is that right?", err=True)

    return ask
