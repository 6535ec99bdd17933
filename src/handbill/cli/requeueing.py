"""`handbill queue requeue`: what was missed is queued again, spread over the time ahead."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from handbill.cli import asking, render
from handbill.cli.asking import AsJson, Fold, Zone
from handbill.cli.door import Door, door
from handbill.domain.lifecycle import Status
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handbill.services.requeueing import Turn
    from handbill.store.listings import Entry


def requeue(
    context: typer.Context,
    numbers: Annotated[list[int] | None, typer.Argument(help="The posts' numbers.")] = None,
    missed: Annotated[bool, typer.Option("--missed", help="All that were missed.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    account: Annotated[str | None, typer.Option(help="Only this account's.")] = None,
    at: Annotated[str | None, typer.Option(help="When the first leaves; else soon.")] = None,
    every: Annotated[
        str | None, typer.Option(help="Time between two of one account, e.g. 30m.")
    ] = None,
    zone: Zone = None,
    fold: Fold = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue missed or failed posts again, one after the other, in their old order."""
    from handbill.services import requeueing

    here = door(context)
    entries = _chosen(here, numbers or [], missed, failed, account)
    asked = asking.time_of(at, False, zone, fold, None)
    turns = requeueing.plan(here.desk, entries, asked, every, asking.confirmation(yes))
    if not as_json:
        _show(turns)
    if not yes:
        _ask(turns)
        if turns and turns[0].timing.due_at < here.desk.clock():
            turns = requeueing.plan(here.desk, entries, asked, every, asking.confirmation(yes))
    queued = requeueing.requeue(here.desk, turns)
    if as_json:
        return render.as_json(render.posts_json(queued))
    return _answer(here, turns)


def _ask(turns: "Sequence[Turn]") -> None:
    if not sys.stdin.isatty():
        raise InputProblem("Nothing was queued again, as nobody could be asked.", "Add --yes.")
    typer.confirm(f"Queue {_count(turns)} again?", err=True, abort=True)


def _chosen(
    here: Door, numbers: list[int], missed: bool, failed: bool, account: str | None
) -> "list[Entry]":
    from handbill.services import requeueing

    flags = {Status.MISSED: missed, Status.FAILED: failed}
    statuses = [status for status, wanted in flags.items() if wanted]
    if numbers and (statuses or account):
        raise typer.BadParameter("numbers stand alone", param_hint="NUMBER")
    if not numbers and not statuses:
        raise typer.BadParameter("give numbers, --missed or --failed", param_hint="NUMBER")
    if numbers:
        return requeueing.named(here.desk, numbers)
    return requeueing.over(here.desk, statuses, account)


def _show(turns: "Sequence[Turn]") -> None:
    render.table(
        ["post", "new time", "to, and what"],
        [
            [
                f"#{turn.entry.post.id} {render.status(turn.entry.post.status)}",
                render.time(turn.timing.due_at, turn.timing.zone),
                f"{render.where(turn.entry)}\n{render.short(turn.entry)}",
            ]
            for turn in turns
        ],
    )


def _count(turns: "Sequence[Turn]") -> str:
    return "this post" if len(turns) == 1 else f"these {len(turns)} posts"


def _answer(here: Door, turns: "Sequence[Turn]") -> None:
    render.say(f"Queued again: {', '.join(f'#{turn.entry.post.id}' for turn in turns)}.")
    here.remind_of_daemon()
    here.remind_of_pause()
    for name in sorted({t.entry.account.name for t in turns if t.entry.account.paused_at}):
        render.hint(f"{name} is paused, so nothing leaves: handbill account resume {name}")
