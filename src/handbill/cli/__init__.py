"""The shell's door. Every command parses, makes one service call, and renders the answer.

Exit codes: 0 fine, 1 something a person can mend, 2 wrong usage, 3 something needs eyes.
Heavy imports stay inside the commands, so that `--help` is quick.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from handbill import __version__
from handbill.cli import (
    accounts,
    backups,
    config,
    embargoes,
    feeds,
    pausing,
    plans,
    queue,
    reports,
    reviews,
    running,
    slots,
    works,
)
from handbill.cli.demo import demo
from handbill.cli.door import Door
from handbill.cli.rehearse import rehearse
from handbill.cli.tease import tease
from handbill.cli.today import today
from handbill.domain.text.characters import printable
from handbill.errors import InputProblem, Problem

app = typer.Typer(
    name="handbill",
    help="The post scheduler for reviewers: each post once, on time, or held and shown.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"handbill {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(help="Folder of configuration, .env, database and pictures."),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Queue promo posts, run the scheduler, check the history."""
    context.obj = Door(home)


app.command("init")(config.init)
app.command("demo")(demo)
app.add_typer(accounts.group, name="account")
app.add_typer(works.group, name="work")
app.add_typer(reviews.group, name="review")
app.command("tease")(tease)
app.add_typer(feeds.group, name="feed")
reviews.group.add_typer(embargoes.group, name="embargo")
app.add_typer(queue.group, name="queue")
app.add_typer(slots.group, name="slots")
app.add_typer(plans.group, name="plan")
app.command("run")(running.run)
app.command("tick")(running.tick)
app.command("today")(today)
app.command("status")(reports.status)
app.command("history")(reports.history)
app.command("pause")(pausing.pause)
app.command("resume")(pausing.resume)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("rehearse")(rehearse)
app.add_typer(config.group, name="config")


def _refuse_bytes(words: list[str]) -> None:
    """What the shell could not decode comes as lone surrogates, which nothing can keep."""
    for word in words:
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            raise InputProblem(
                f"'{word}' is not UTF-8 text.", "Type it anew, or read it from a file with -."
            )


def main() -> int:
    """Run the shell's door; a Problem becomes one sentence and the next command, and exit 1."""
    try:
        _refuse_bytes(sys.argv)
        app()
    except Problem as problem:
        sys.stderr.write(f"{printable(problem.says, newlines=True)}\n")
        if problem.cure:
            sys.stderr.write(f"  → {printable(problem.cure, newlines=True)}\n")
        return 1
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
