"""The kinds of fault, and the arguments that each understands."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handbill.rehearsal.shapes import ERRORS

Check = Callable[[object], bool]


def number(value: object) -> bool:
    """A finite amount that a time span can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value) and 0 <= value <= 1e9


def count(value: object) -> bool:
    """A whole number from zero up."""
    return isinstance(value, int) and number(value)


def flag(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _line(value: object) -> bool:
    """Text that may stand in a header."""
    return isinstance(value, str) and not set(value) & {"\r", "\n", "\0"}


def _share(value: object) -> bool:
    return isinstance(value, int | float) and number(value) and value <= 1


def _speed(value: object) -> bool:
    return number(value) and value != 0


def _status(value: object) -> bool:
    return isinstance(value, int) and 200 <= value <= 599


def _redirect(value: object) -> bool:
    return value in (301, 302, 303, 307, 308)


def _shape(value: object) -> bool:
    return isinstance(value, str) and value in ERRORS


def _times(value: object) -> bool:
    return value is None or value == "always" or count(value)


def _reset(value: object) -> bool:
    return value is None or _line(value) or number(value)


def _headers(value: object) -> bool:
    """Names and texts; None takes a header away."""
    return isinstance(value, dict) and all(
        _line(name) and (text is None or _line(text)) for name, text in value.items()
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: its arguments, and whether by default the post is made all the same."""

    accept: bool
    args: Mapping[str, Check] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


#: Answers that claim success are by default true (the post is made), all others false.
KINDS: dict[str, Kind] = {
    "error": Kind(False, {"shape": _shape, "reset": _reset, "headers": _headers}, needs=("shape",)),
    "status": Kind(
        False,
        {"status": _status, "headers": _headers, "body": _text, "content_type": _line},
        needs=("status",),
    ),
    "drop": Kind(False),
    "reset": Kind(False, {"after_bytes": count}, {"after_bytes": 0}),
    "cut": Kind(False, {"after_request_bytes": count}, {"after_request_bytes": 0}),
    "half": Kind(True),
    "drip": Kind(True, {"bytes_per_second": _speed}, {"bytes_per_second": 1}),
    "delay": Kind(False, {"seconds": number}, {"seconds": 1}),
    "html-login": Kind(False),
    "null": Kind(True),
    "no-id": Kind(True),
    "wrong-id": Kind(True),
    "big": Kind(True, {"bytes": count}, {"bytes": 100_000_000}),
    "wrong-charset": Kind(True),
    "truncated": Kind(True),
    "redirect": Kind(False, {"status": _redirect}, {"status": 307}),
    "forget": Kind(True),
    "hide": Kind(True, {"seconds": number}, {"seconds": 60}),
}

#: These leave no choice. Hiding makes no sense without a post; a cut request never comes whole.
ACCEPTS = {"forget": True, "hide": True, "cut": False}

COMMON: dict[str, Check] = {
    "do": _line,
    "method": _line,
    "path": _line,
    "account": lambda value: value is None or _line(value),
    "times": _times,
    "after": count,
    "chance": _share,
    "accept": flag,
}
