"""`handbill run` and `handbill tick`: the daemon, and one pass of it for cron."""

from typing import Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.door import Door, door

LogForm = Annotated[str | None, typer.Option(help="Form of the log: text or json.")]


def run(
    context: typer.Context,
    log: LogForm = None,
    workers: Annotated[
        int | None, typer.Option(help="How many posts may be under way at once.")
    ] = None,
) -> None:
    """Publish what is queued, each post at its time, until SIGTERM or Ctrl-C."""
    given = {"log": log, "workers": workers}
    here = _logging(context, {key: value for key, value in given.items() if value is not None})
    from handbill.daemon import Daemon

    settings = here.app().settings
    Daemon(here.desk, settings.workers).run()


def tick(context: typer.Context, log: LogForm = None) -> None:
    """Publish what is due at this moment, and end. For cron; not beside `handbill run`."""
    here = _logging(context, {"log": log} if log else {})
    from handbill.services.rounds import tick as one_pass

    made = one_pass(here.desk)
    render.say(f"Done: {made} sent or tried." if made else "Done: nothing was due.")


def _logging(context: typer.Context, arguments: dict[str, Any]) -> Door:
    from handbill.logs import configure

    here = door(context)
    settings = here.app(**arguments).settings
    configure(settings.log, settings.log_level, settings.secrets())
    return here
