"""The daemon's log: one readable line, or one JSON object, an event. Never a secret."""

import json
import logging
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from handbill.domain.text.characters import printable

#: These print tokens when they are allowed to talk at DEBUG.
TALKATIVE = ("tweepy", "requests_oauthlib", "oauthlib", "urllib3", "requests", "apscheduler")

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redact:
    """Replaces known secrets in whatever is about to be written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        long_enough = [secret for secret in secrets if len(secret) >= 6]
        spelt = {way for secret in long_enough for way in _spellings(secret)}
        self._secrets = sorted(spelt, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text


def _spellings(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as JSON or a traceback would show it."""
    return secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


class TextFormatter(logging.Formatter):
    """`2026-11-22 18:30:00.004Z  Published #12 …`"""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line, or several with a traceback."""
        stamp = f"{_time(record):%Y-%m-%d %H:%M:%S}.{int(record.msecs):03d}Z"
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        line = f"{stamp}  {level}{printable(record.getMessage())}"
        if record.exc_info:
            line += "\n" + printable(self.formatException(record.exc_info), newlines=True)
        return self._redact(line)


class JsonFormatter(logging.Formatter):
    """One object a line; what is passed as `extra` becomes keys."""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields = {
            "time": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return self._redact(json.dumps(fields, default=str))


def redact_tracebacks(secrets: Iterable[str]) -> None:
    """From here on an uncaught exception shows its traceback without secrets."""
    redact = Redact(secrets)

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        lines = traceback.format_exception(kind, error, trace)
        sys.stderr.write(redact(printable("".join(lines), newlines=True)))
        sys.stderr.write("This is a bug in Handbill; please report it with these lines.\n")

    sys.excepthook = show


def configure(form: str, level: str, secrets: Iterable[str]) -> None:
    """Send the log to standard error in the chosen form ("text" or "json") and level."""
    redact = Redact(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(redact) if form == "json" else TextFormatter(redact))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
