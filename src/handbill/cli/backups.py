"""`handbill backup` and `handbill restore`: everything but the secrets, in one file."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handbill.cli import render
from handbill.cli.door import Door, door

if TYPE_CHECKING:
    from handbill.services.archives import Manifest
    from handbill.services.restoring import Restored
    from handbill.store.copying import Told

#: Below this nothing takes long enough to be watched.
LARGE = 2_000

File = Annotated[Path, typer.Argument(help="The backup's file.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def backup(
    context: typer.Context,
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Back up posts, accounts, reviews, history and pictures. No key or token is in it."""
    from handbill.services import backups

    here = door(context)
    desk = here.desk
    with _progress() as told:
        made = backups.backup(desk, file.expanduser(), told, overwrite=force)
    if as_json:
        return render.as_json({"file": str(file), **_manifest_json(made)})
    render.say(f"Backed up {_words(made)} to {file}.")
    if made.missing:
        names = ", ".join(made.missing[:3]) + (" …" if len(made.missing) > 3 else "")
        render.hint(f"Not in {desk.pictures} any more, and so not in it: {names}")
    return render.hint(f"Keep {here.home / '.env'} by itself: no key or token is in a backup.")


def restore(
    context: typer.Context,
    file: File,
    force: Annotated[
        bool, typer.Option("--force", help="Also where there are posts; they are kept beside.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database, paused: nothing is sent until you resume."""
    from handbill.services import restoring

    here = door(context)
    desk = here.unopened().desk
    with _progress() as told:
        done = restoring.restore(desk, file.expanduser(), told, force=force)
    if as_json:
        return render.as_json(_restored_json(done))
    return _show(here, done)


def _show(here: Door, done: "Restored") -> None:
    from handbill.domain.lifecycle import Status

    taken_at = render.time(done.manifest.taken_at, here.zone)
    render.say(f"Restored {_words(done.manifest)} from a backup of {taken_at}.")
    if done.aside:
        render.say(f"What was here before is kept in {done.aside}")
    render.say("Everything is paused: nothing is sent, and no network is asked.")
    if doubts := done.counts.get(Status.IN_DOUBT):
        render.say(f"{doubts} may have gone out since; the networks are asked about them first:")
        render.posts(done.in_doubt)
    if queued := done.counts.get(Status.QUEUED):
        render.say(f"{queued} would leave at their times:")
        render.posts(done.queued)
        render.hint("Cancel what you had moved forward since: handbill queue cancel N")
    if done.manifest.missing:
        render.hint(f"Pictures that were gone when it was taken: {len(done.manifest.missing)}.")
    for account, variables in _missing(here).items():
        render.hint(f"{account} has no {', '.join(variables)} in {here.home / '.env'} yet.")
    render.hint(f"See that the networks know you: {here.command('account check')}")
    render.hint(f"Then let it go on: {here.command('resume')}")
    here.remind_of_daemon()


def _missing(here: Door) -> dict[str, list[str]]:
    """The variables that each account lacks: they are never in a backup."""
    from handbill.services import connecting

    lacks = {a.name: [*here.app().missing_variables(a)] for a in connecting.listing(here.desk)}
    return {name: variables for name, variables in lacks.items() if variables}


def _words(manifest: "Manifest") -> str:
    rows = manifest.rows
    counted = [
        (rows.get("post", 0), "post"),
        (rows.get("account", 0), "account"),
        (rows.get("review", 0), "review"),
        (manifest.pictures, "picture"),
    ]
    return ", ".join(f"{n} {what}{'s' * (n != 1)}" for n, what in counted)


def _manifest_json(manifest: "Manifest") -> dict[str, object]:
    from handbill.services.history import utc

    return {**manifest.model_dump(), "taken_at": utc(manifest.taken_at)}


def _restored_json(done: "Restored") -> dict[str, object]:
    from handbill.domain.lifecycle import Status

    return {
        "backup": _manifest_json(done.manifest),
        "kept_aside": str(done.aside) if done.aside else None,
        "counts": {status.value: done.counts.get(status, 0) for status in Status},
        "queued": render.posts_json(done.queued),
        "in_doubt": render.posts_json(done.in_doubt),
    }


@contextmanager
def _progress() -> "Generator[Told]":
    """A bar on a terminal, for what is large."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:

        def told(what: str, done: int, total: int) -> None:
            if total < LARGE:
                return
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield told
