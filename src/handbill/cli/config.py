"""`handbill init` and `handbill config show`: the home folder and what is set."""

import os
from pathlib import Path
from typing import Annotated

import typer

from handbill.cli import render
from handbill.cli.door import door
from handbill.errors import Problem

group = typer.Typer(help="What is set, and where.", no_args_is_help=True)


def init(context: typer.Context) -> None:
    """Make a home folder: configuration, .env for secrets, database. Overwrites nothing."""
    from handbill import examples
    from handbill.settings import TOML_NAME

    here = door(context)
    home = here.home
    for path, content, mode in (
        (home / TOML_NAME, examples.toml(), 0o644),
        (home / ".env", examples.env(), 0o600),
    ):
        made = _write_new(path, content, mode)
        render.say(f"{'Made' if made else 'Kept'} {path}")
    settings = here.app(begin=True).settings
    render.say(f"The queue is kept in {settings.shown_url}.")
    render.hint(f"Add an account: {here.command('account add my_blog --network x')}")
    render.hint(f"Or practise without one: {here.command('rehearse')}")


def _write_new(path: Path, content: str, mode: int) -> bool:
    """Write a file that must not exist; its mode holds from the first byte."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError:
        if path.is_file():
            return False
        raise Problem(f"{path} cannot be made.", "Choose another folder with --home.") from None
    except OSError as error:
        raise Problem(
            f"{path} cannot be made ({error.strerror}).", "Choose another folder with --home."
        ) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    return True


@group.command("show")
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting and where it came from; secrets are masked."""
    from handbill import networks
    from handbill.settings import load
    from handbill.sources import describe

    home = door(context).home
    settings = load(home)
    networks.refuse_unknown_keys(settings.apps, settings.tokens)
    rows = describe(settings)
    if as_json:
        return render.as_json({row.key: {"value": row.value, "source": row.source} for row in rows})
    return render.table(
        ["setting", "value", "from"], [[row.key, row.value, row.source] for row in rows]
    )
