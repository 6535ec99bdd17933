"""`handbill rehearse`: practise without an account."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from handbill.cli import render
from handbill.errors import Problem


def rehearse(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8765,
    faults: Annotated[
        Path | None, typer.Option(help="A fault plan, TOML or JSON: what should go wrong.")
    ] = None,
    account: Annotated[
        str, typer.Option(help="The account name to print practice keys for.")
    ] = "practice",
) -> None:
    """Run a stand-in X on this machine, with a page that shows what a reader would see."""
    from handbill.rehearsal import practice_keys
    from handbill.settings import variable

    serve = _server()
    keys = practice_keys(account)

    def announce(url: str) -> None:
        render.say(f"ready {url}")
        render.hint(f"The timeline, as a reader would see it: {url}/")
        render.hint(f"In another shell: handbill account add {account} --network x --server {url}")
        render.hint("and in .env:")
        for key, value in keys.items():
            typer.echo(f"      {variable(f'tokens.{account}.{key}')}={value}", err=True)
        render.hint("Ctrl-C ends it, and forgets everything.")

    serve(port, faults, announce)


def _server() -> Callable[[int, Path | None, Callable[[str], None]], None]:
    try:
        from handbill.rehearsal.server import serve
    except ModuleNotFoundError:
        raise Problem(
            "The rehearsal needs two more packages.", "pip install 'handbill[rehearsal]'"
        ) from None
    return serve
