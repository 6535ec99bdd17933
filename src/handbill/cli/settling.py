"""`handbill queue confirm` and `handbill queue deny`: a person's word on a post held in doubt."""

from typing import Annotated

import typer

from handbill.cli import render
from handbill.cli.asking import Number
from handbill.cli.door import door
from handbill.domain.lifecycle import Status


def confirm(
    context: typer.Context,
    number: Number,
    url: Annotated[str | None, typer.Option(help="Where it can be seen.")] = None,
) -> None:
    """Say that a post held in doubt is out."""
    from handbill.services import settling

    status = settling.confirm(door(context).desk, number, url)
    became = "is published" if status is Status.PUBLISHED else "goes on with its next part"
    render.say(f"#{number} {became}. Thank you for looking.")


def deny(context: typer.Context, number: Number) -> None:
    """Say that a post held in doubt is not out: it is queued again."""
    from handbill.services import settling

    settling.deny(door(context).desk, number)
    render.say(f"#{number} is queued again, for its old time and limit.")
    render.hint(f"Should that be past: handbill queue reschedule {number} --at WHEN")
