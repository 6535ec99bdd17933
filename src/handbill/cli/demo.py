"""`handbill demo`: the main job in ten seconds, on a rehearsal, in a folder that is gone after."""

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from handbill.cli import render
from handbill.errors import Problem

if TYPE_CHECKING:
    from rich.table import Table

    from handbill.app import App

ACCOUNT = "ines"
#: The teasers are due so many seconds after they are queued.
SPACING_S = 1
PATIENCE_S = 15


def demo() -> None:
    """See the main job in ten seconds: three teasers go out on time, to a rehearsal."""
    for name in [name for name in os.environ if name.upper().startswith("HANDBILL_")]:
        del os.environ[name]  # a real database or account must not be touched
    with tempfile.TemporaryDirectory(prefix="handbill-demo-") as folder:
        home = Path(folder)
        render.say("A rehearsal of X starts on this machine …")
        with _process(home, "rehearse", "--port", "0", "--account", ACCOUNT) as stage:
            url = _address(stage)
            app = _prepare(home, url)
            render.say("… the daemon starts …")
            with _process(home, "run"):
                _await_daemon(app)
                numbers = _queue(app)
                _watch(app, numbers)
            _show(app, url)
        app.desk.engine.dispose()


@contextmanager
def _process(home: Path, *command: str) -> Generator["subprocess.Popen[str]"]:
    """One of our own commands as a process of its own, ended with the block."""
    with (home / f"{command[0]}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "handbill", "--home", str(home), *command],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def _address(stage: "subprocess.Popen[str]") -> str:
    line = stage.stdout.readline() if stage.stdout else ""
    if not line.startswith("ready "):
        raise Problem(
            "The rehearsal did not start.",
            "See why: handbill rehearse (it needs two packages: pip install 'handbill[rehearsal]')",
        )
    return line.split()[1]


def _prepare(home: Path, url: str) -> "App":
    from handbill.app import build
    from handbill.inputs import AccountIn, ReviewIn
    from handbill.rehearsal import practice_keys
    from handbill.services import connecting, reviewing
    from handbill.settings import load, variable

    keys = practice_keys(ACCOUNT)
    env = home / ".env"
    env.touch(mode=0o600)
    env.write_text("".join(f"{variable(f'tokens.{ACCOUNT}.{k}')}={v}\n" for k, v in keys.items()))
    app = build(load(home))
    connecting.add(app.desk, AccountIn(name=ACCOUNT, network="x", server=url, zone="Europe/London"))
    reviewing.add(app.desk, ReviewIn.model_validate(_sample()["review"]))
    return app


def _sample() -> dict[str, Any]:
    return tomllib.loads((resources.files("handbill") / "samples/lantern.toml").read_text("utf-8"))


def _await_daemon(app: "App") -> None:
    from handbill.store.lock import is_running

    ends = time.monotonic() + PATIENCE_S
    while not is_running(app.desk.engine):
        if time.monotonic() > ends:
            raise Problem("The daemon did not start.", "See why: handbill run")
        time.sleep(0.05)


def _queue(app: "App") -> list[int]:
    from handbill.inputs import ImageIn, PartIn, PostIn
    from handbill.services import queueing, reviewing

    slug = reviewing.listing(app.desk)[0].slug
    numbers = []
    with resources.as_file(resources.files("handbill") / "samples") as folder:
        for position, teaser in enumerate(_sample()["teaser"], 1):
            picture = teaser.get("image")
            images = [ImageIn(file=str(folder / picture), alt=teaser["alt"])] if picture else []
            post = PostIn(
                account=ACCOUNT,
                at=f"+{position * SPACING_S}s",
                review=slug,
                parts=[PartIn(text=teaser["text"], images=images)],
            )
            numbers += [e.post.id or 0 for e in queueing.queue(app.desk, [("", post)], _never)]
    return numbers


def _never(_text: str, _moment: object) -> bool:
    return False


def _watch(app: "App", numbers: Sequence[int]) -> None:
    """A live view until all are out, or patience ends."""
    from rich.console import Console
    from rich.live import Live

    from handbill.domain.lifecycle import Status
    from handbill.store import listings

    ends = time.monotonic() + PATIENCE_S
    console = Console()
    with Live(console=console, refresh_per_second=10, transient=console.is_terminal) as live:
        while True:
            entries = [listings.get(app.desk.engine, number) for number in numbers]
            live.update(_view(entries))
            waits = any(e.post.status in (Status.QUEUED, Status.PUBLISHING) for e in entries)
            if not waits or time.monotonic() > ends:
                return
            time.sleep(0.1)


def _view(entries: Sequence[Any]) -> "Table":
    return render.make_table(
        ["post", "due", "text"],
        [
            [
                f"#{entry.post.id} {render.status(entry.post.status)}",
                render.brief(entry.post.due_at, entry.post.zone),
                render.short(entry),
            ]
            for entry in entries
        ],
    )


def _show(app: "App", url: str) -> None:
    from handbill.cli.reports import show_history
    from handbill.services import history

    render.say("\nThe history, as `handbill history` shows it:\n")
    show_history(history.history(app.desk, history.Filter()))
    render.say(f"The timeline, as a reader would see it: {url}/")
    if sys.stdin.isatty():
        typer.prompt("Look at it, then press Enter to end", default="", show_default=False)
    else:
        render.say("(it ends with this demo; `handbill rehearse` runs one for as long as you like)")
    render.say("\nNext, with your own account:")
    for step in (
        "handbill init                               make a home for settings and queue",
        "handbill account add my_blog --network x    the answer says which keys go into .env",
        "handbill account check                      see that X knows you",
        "handbill queue add TEXT --at 'fri 18:30'    queue a post",
        "handbill run                                publish what is due, when it is due",
    ):
        render.say(f"  {step}")
