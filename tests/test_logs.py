"""The log: one line an event, readable or JSON, and never a secret."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handbill.logs import TALKATIVE, configure, redact_tracebacks

CANARY = "canary-4f1d-9b2e"
NASTY = (
    "Refused:\n2026-01-01 00:00:00.000Z  Published #99 \x1b[31mred\x1b]0;title\x07 \r\x9b2J\u202e"
)

log = logging.getLogger("handbill.test")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


Read = Callable[[], list[str]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Read:
    """The lines that were written; nothing may go to standard output."""

    def read() -> list[str]:
        out, err = capsys.readouterr()
        assert out == ""
        return err.splitlines()

    return read


def objects(lines: Read) -> list[dict[str, Any]]:
    """The lines as JSON."""
    return [json.loads(line) for line in lines()]


def fail(message: str) -> None:
    """Log an error with its traceback."""
    try:
        raise LookupError(message)
    except LookupError:
        log.exception("It broke.")


# Text


def test_an_event_is_one_readable_line_with_its_time_in_utc(lines: Read) -> None:
    configure("text", "info", [])
    log.info("Published #%s", 12)
    (line,) = lines()
    stamp, _, words = line.partition("  ")
    assert words == "Published #12"
    assert stamp.endswith("Z")
    assert len(stamp) == len("2026-11-22 18:30:00.004Z")


def test_what_is_worse_than_a_note_says_so(lines: Read) -> None:
    configure("text", "info", [])
    log.warning("Careful.")
    log.error("Alas.")
    first, second = lines()
    assert first.endswith("  warning: Careful.")
    assert second.endswith("  error: Alas.")


def test_a_text_line_stays_one_line_and_does_nothing_to_a_terminal(lines: Read) -> None:
    configure("text", "info", [])
    log.info("X said: %s", NASTY)
    (line,) = lines()
    assert line.isprintable()
    assert r"\n2026-01-01" in line
    assert r"\x1b[31m" in line


def test_a_traceback_follows_its_line(lines: Read) -> None:
    configure("text", "info", [])
    fail("the reason")
    told = lines()
    assert told[0].endswith("error: It broke.")
    assert told[1].startswith("Traceback")
    assert told[-1] == "LookupError: the reason"


def test_a_traceback_does_nothing_to_a_terminal_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("text", "info", [])
    fail("a\x1b[31mb\x9b2Jc\x07")
    told = capsys.readouterr().err
    assert all(line.isprintable() for line in told.split("\n"))
    assert r"\x1b[31m" in told


# JSON


def test_an_event_is_one_object_and_its_extras_are_keys(lines: Read) -> None:
    configure("json", "info", [])
    log.warning("Missed #%s", 12, extra={"action": "missed", "post": 12})
    (event,) = objects(lines)
    assert event["message"] == "Missed #12"
    assert (event["level"], event["logger"]) == ("warning", "handbill.test")
    assert (event["action"], event["post"]) == ("missed", 12)
    assert event["time"].endswith("Z")
    assert set(event) == {"time", "level", "logger", "message", "action", "post"}


def test_a_json_line_stays_one_line_and_does_nothing_to_a_terminal(lines: Read) -> None:
    configure("json", "info", [])
    log.info("X said: %s", NASTY + "\u2028\x85", extra={"says": NASTY})
    (line,) = lines()
    assert line.isprintable()
    assert json.loads(line)["says"] == NASTY


def test_a_traceback_is_within_the_object(lines: Read) -> None:
    configure("json", "info", [])
    fail("the reason")
    (event,) = objects(lines)
    assert event["traceback"].endswith("LookupError: the reason")


def test_what_json_does_not_know_is_written_as_text(lines: Read) -> None:
    configure("json", "info", [])
    log.info("Odd.", extra={"odd": set})
    (event,) = objects(lines)
    assert event["odd"] == "<class 'set'>"


# Secrets


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_not_written_wherever_they_stand(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(form, "info", [CANARY])
    log.info("in the message: %s", CANARY, extra={"and": f"in an extra: {CANARY}"})
    fail(f"in an exception: {CANARY}")
    told = capsys.readouterr().err
    assert CANARY not in told
    assert told.count("[secret]") >= 2


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("secret", ['quo"te-and\\backslash', "pässword-mit-umlaut"])
def test_a_secret_is_known_in_whatever_way_it_is_spelt(
    form: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(form, "info", [secret])
    log.info("Here: %s", secret, extra={"and": secret})
    fail(secret)
    told = capsys.readouterr().err
    for spelling in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert spelling not in told


def test_of_two_secrets_that_overlap_the_longer_is_hidden_whole(lines: Read) -> None:
    configure("text", "info", ["abcdef", "abcdefghij"])
    log.info("abcdefghij")
    assert lines()[0].endswith("  [secret]")


def test_what_is_too_short_to_be_a_secret_does_not_garble_the_log(lines: Read) -> None:
    configure("text", "info", ["", "a", "12345"])
    log.info("a plain line, 12345")
    assert lines()[0].endswith("a plain line, 12345")


def test_an_uncaught_error_shows_its_traceback_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    redact_tracebacks([CANARY])
    try:
        raise LookupError(CANARY) from KeyError(CANARY)
    except LookupError as error:
        sys.excepthook(LookupError, error, error.__traceback__)
    told = capsys.readouterr().err
    assert CANARY not in told
    assert "LookupError: [secret]" in told
    assert "KeyError: '[secret]'" in told
    assert "report it" in told


# Levels


@pytest.mark.parametrize("name", sorted(TALKATIVE))
def test_http_libraries_never_talk_at_debug(name: str, lines: Read) -> None:
    configure("text", "debug", [])
    library = logging.getLogger(f"{name}.deeper")
    library.debug("Authorization: OAuth oauth_token=…")
    assert lines() == []
    assert not library.isEnabledFor(logging.DEBUG)


def test_we_ourselves_do(lines: Read) -> None:
    configure("text", "debug", [])
    log.debug("Looked.")
    assert len(lines()) == 1


def test_a_level_is_kept(lines: Read) -> None:
    configure("text", "warning", [])
    log.info("A note.")
    logging.getLogger("tweepy").info("A note.")
    log.warning("Careful.")
    assert len(lines()) == 1


def test_the_clockwork_is_quiet_about_its_jobs(lines: Read) -> None:
    configure("text", "debug", [])
    logging.getLogger("apscheduler.scheduler").info("Added job")
    assert lines() == []


def test_configuring_twice_writes_every_line_once(lines: Read) -> None:
    configure("text", "info", [])
    configure("text", "info", [])
    log.info("Once.")
    assert len(lines()) == 1
