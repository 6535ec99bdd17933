"""What every command begins with: the home folder, and the App once it is needed."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from handbill.app import App
    from handbill.services.desk import Desk


class Door:
    """Made from the arguments before the command; opens settings and store on first use."""

    def __init__(self, home: Path | None) -> None:
        self._given = home
        self._app: App | None = None

    @property
    def home(self) -> Path:
        """The home folder in force."""
        from handbill.settings import find_home

        return find_home(self._given)

    def command(self, words: str) -> str:
        """A command to type next, with --home where it would not find the same folder."""
        from handbill.settings import find_home

        at = "" if self.home == find_home(None) else f" --home {shlex.quote(str(self.home))}"
        return f"handbill{at} {words}"

    def app(self, *, begin: bool = False, **arguments: Any) -> "App":
        """The App, with settings that a command's own arguments overrule; a new database only for
        who may `begin` one."""
        if self._app is None:
            from handbill.app import build
            from handbill.logs import redact_tracebacks
            from handbill.settings import load

            settings = load(self.home, **arguments)
            redact_tracebacks(settings.secrets())
            self._app = build(settings, begin=begin)
        return self._app

    def unopened(self) -> "App":
        """The App on a database as it is, which may be damaged or not there."""
        from handbill.app import unopened
        from handbill.logs import redact_tracebacks
        from handbill.settings import load

        settings = load(self.home)
        redact_tracebacks(settings.secrets())
        return unopened(settings)

    @property
    def zone(self) -> str:
        """The zone of times that belong to no account, and of new accounts."""
        from tzlocal import get_localzone_name

        return self.app().settings.zone or get_localzone_name() or "UTC"

    def remind_of_daemon(self) -> None:
        """Say so when nobody publishes from this database."""
        from handbill.cli import render
        from handbill.store.lock import is_running

        if is_running(self.desk.engine) is False:
            run = self.command("run")
            render.hint(f"The daemon is not running; posts leave while it does: {run}")

    def remind_of_pause(self) -> None:
        """Say so when everything is paused."""
        from handbill.cli import render
        from handbill.services import pausing

        if pausing.held(self.desk):
            render.hint(f"Everything is paused, so nothing leaves: {self.command('resume')}")

    @property
    def desk(self) -> "Desk":
        """The desk that services work at."""
        return self.app().desk


def door(context: typer.Context) -> Door:
    """The door of this call."""
    if not isinstance(context.obj, Door):
        raise TypeError("the root command has not run")
    return context.obj
