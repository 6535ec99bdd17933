"""`handbill pause` and `handbill resume`: everything at once, whatever the account."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from handbill.cli import render
from handbill.cli.door import Door, door
from handbill.domain.durations import spell
from handbill.domain.lateness import OUTAGE, late_by

if TYPE_CHECKING:
    from handbill.models import Standing
    from handbill.services.pausing import Waiting

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Argument(help="Why, for those who wonder.")],
    as_json: AsJson = False,
) -> None:
    """Let nothing leave, of any account, until `handbill resume`. Posts stay queued."""
    from handbill.domain.lifecycle import Status
    from handbill.services import pausing
    from handbill.store import agenda

    here = door(context)
    on = pausing.pause(here.desk, reason)
    if as_json:
        return render.as_json(pause_json(on))
    render.say(f"{words(here, on)}\nNothing is sent until `handbill resume`.")
    if on.value != reason.strip():
        render.hint("It was paused already, and keeps its reason.")
    if under_way := agenda.counts(here.desk.engine).get(Status.PUBLISHING):
        render.hint(f"{under_way} being sent at this moment may still go out.")
    return None


def resume(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what the pause kept back, and let it go: what is long overdue leaves one by one."""
    from handbill.services import pausing

    here = door(context)
    waiting = pausing.waiting(here.desk)
    if as_json:
        render.as_json(
            {
                "pause": pause_json(waiting.pause),
                "overdue": render.posts_json(waiting.overdue),
                "missed": render.posts_json(waiting.missed),
                "asked": render.posts_json(waiting.unasked),
            }
        )
    elif waiting.pause is None:
        render.say("There is no pause over everything.")
        render.hint("A single account goes on with: handbill account resume NAME")
    else:
        _show(here, waiting)
    pausing.resume(here.desk)
    if waiting.pause and not as_json:
        render.say("Resumed.")
        here.remind_of_daemon()


def _show(here: Door, waiting: "Waiting") -> None:
    if waiting.pause:
        render.say(words(here, waiting.pause))
    if waiting.unasked:
        render.say("May be out already, so the networks are asked first:")
        render.posts(waiting.unasked)
    gap, now = spell(here.desk.gap), here.desk.clock()
    for name, entries in groupby(
        sorted(waiting.overdue, key=lambda entry: entry.account.name), lambda e: e.account.name
    ):
        some = list(entries)
        long = any(
            entry.post.due_at and late_by(entry.post.due_at, now) >= OUTAGE for entry in some
        )
        one_by_one = f", {gap} apart" if long and len(some) > 1 else ""
        alone = "; it is paused itself" if some[0].account.paused_at else ""
        render.say(f"Waited to leave on {name}{one_by_one}{alone}:")
        render.posts(some)
    if waiting.missed:
        render.say("Too late now, so they will be listed as missed:")
        render.posts(waiting.missed)


def words(here: Door, pause: "Standing") -> str:
    """Since when everything is paused, and why."""
    return f"Everything is paused since {render.time(pause.since, here.zone)}: {pause.value}"


def pause_json(pause: "Standing | None") -> dict[str, str | None] | None:
    """The `--json` of the big pause; null when none is on."""
    from handbill.services.history import utc

    return {"reason": pause.value, "since": utc(pause.since)} if pause else None
