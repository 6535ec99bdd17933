"""The fault plan: what shall go wrong, for which requests, how often. Only decides; the playing is
done in `mishaps`."""

import json
import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from handbill.errors import InputProblem, SettingsProblem
from handbill.rehearsal.kinds import ACCEPTS, COMMON, KINDS, Check, count, flag, number
from handbill.rehearsal.shapes import ERRORS


@dataclass(slots=True)
class Settings:
    """How the stand-in behaves when nothing goes wrong. Defaults are X's own."""

    #: Seconds before a post shows in its timeline.
    timeline_lag: float = 0
    duplicate_check: bool = True
    #: Posts per account; X: 100 in 15 minutes.
    limit_15min: int = 100
    #: Calls per account and route in a day, posts included; X: 10,000 per app.
    limit_24h: int = 10_000
    #: Calls of any other route per account in 15 minutes; X: 900 for timelines.
    limit_other_15min: int = 900
    #: Weighted length of a post; X: 280, and 25,000 for subscribers.
    text_limit: int = 280
    #: Seconds that an uploaded picture can be used.
    media_ttl: float = 86_400
    #: Seconds that X works on an animated GIF.
    processing_seconds: float = 1
    #: Work on an animated GIF ends in "failed".
    processing_fails: bool = False


@dataclass(slots=True)
class Rule:
    """One line of the plan. `seen` and `fired` count as the plan is worked off."""

    do: str
    given: dict[str, Any]
    args: dict[str, Any]
    accept: bool
    method: str
    path: str
    account: str | None
    times: int | None
    after: int
    chance: float
    seen: int = 0
    fired: int = 0

    @classmethod
    def parse(cls, given: object) -> "Rule":
        """A rule from its JSON form; says in one sentence what is wrong with it."""
        if not isinstance(given, dict):
            raise InputProblem("A fault is an object with at least `do`.")
        name = given.get("do")
        if not isinstance(name, str) or name not in KINDS:
            raise InputProblem(f"Unknown fault {name!r}; allowed are {', '.join(KINDS)}.")
        kind = KINDS[name]
        _check_keys(given, {**COMMON, **kind.args}, f"fault {name!r}")
        for key in kind.needs:
            if key not in given:
                raise InputProblem(f"Fault {name!r} needs `{key}`.")
        if name in ACCEPTS and given.get("accept", ACCEPTS[name]) != ACCEPTS[name]:
            makes = "always makes" if ACCEPTS[name] else "never makes"
            raise InputProblem(f"Fault {name!r} {makes} the post; leave `accept` out.")
        times = given.get("times", 1)
        return cls(
            do=name,
            given=given,
            args={**kind.defaults, **{key: given[key] for key in kind.args if key in given}},
            accept=given.get("accept", kind.accept),
            method=given.get("method", "POST").upper(),
            path=given.get("path", "/2/tweets"),
            account=given.get("account"),
            times=None if times == "always" else times,
            after=given.get("after", 0),
            chance=given.get("chance", 1.0),
        )

    def matches(self, method: str, path: str, account: str) -> bool:
        """Whether the rule is about this request. `path` may hold `*`; method `*` is any."""
        return (
            self.method in ("*", method)
            and (self.path == path or fnmatchcase(path, self.path))
            and self.account in (None, account)
        )

    def strikes(self, chance: Callable[[], float]) -> bool:
        """Count a matching request; True when this one is to be hit."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        if self.chance < 1 and chance() >= self.chance:
            return False
        self.fired += 1
        return True


class Plan:
    """Settings and rules; replaced as a whole."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.rules: list[Rule] = []
        self.seed: int | None = None
        self._random = random.Random()  # noqa: S311 - chance, not secrets

    def replace(self, given: object) -> None:
        """Take over a new plan; a wrong one changes nothing."""
        if not isinstance(given, dict):
            raise InputProblem("A fault plan is an object with `settings`, `faults` and `seed`.")
        _check_keys(
            given,
            {
                "settings": lambda value: isinstance(value, dict),
                "faults": lambda value: isinstance(value, list),
                "seed": lambda value: value is None or isinstance(value, int),
            },
            "the plan",
        )
        settings = _settings(given.get("settings", {}))
        rules = [Rule.parse(rule) for rule in given.get("faults", [])]
        for entry in fields(Settings):
            setattr(self.settings, entry.name, getattr(settings, entry.name))
        self.rules, self.seed = rules, given.get("seed")
        self._random = random.Random(self.seed)  # noqa: S311 - chance, not secrets

    def load(self, path: Path) -> None:
        """Take over a plan from a file, TOML or (by its ending) JSON."""
        try:
            text = path.read_text(encoding="utf-8")
            given = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except (OSError, ValueError) as error:
            raise SettingsProblem(f"The fault plan {path} cannot be read: {error}.") from error
        self.replace(given)

    def strike(self, method: str, path: str, account: str) -> Rule | None:
        """The rule that hits this request, if any. The first that fires wins, and the rules after
        it do not see the request."""
        return self._first([r for r in self.rules if r.do != "cut"], method, path, account)

    def cut(self, method: str, path: str, account: str) -> Rule | None:
        """The same for rules that break a request off. They go before all others, as they must be
        found before the whole request has come."""
        return self._first([r for r in self.rules if r.do == "cut"], method, path, account)

    def _first(self, rules: list[Rule], method: str, path: str, account: str) -> Rule | None:
        for rule in rules:
            if rule.matches(method, path, account) and rule.strikes(self._random.random):
                return rule
        return None

    def report(self) -> dict[str, Any]:
        """The plan as given, with how often each rule matched and fired."""
        return {
            "settings": {
                entry.name: getattr(self.settings, entry.name) for entry in fields(Settings)
            },
            "seed": self.seed,
            "faults": [
                {**rule.given, "accept": rule.accept, "seen": rule.seen, "fired": rule.fired}
                for rule in self.rules
            ],
        }


_BY_TYPE: dict[object, Check] = {bool: flag, int: count, float: number}


def _settings(given: dict[str, Any]) -> Settings:
    checks = {entry.name: _BY_TYPE[entry.type] for entry in fields(Settings)}
    _check_keys(given, checks, "the settings")
    return Settings(**given)


def _check_keys(given: dict[str, Any], allowed: Mapping[str, Check], where: str) -> None:
    for key, value in given.items():
        if key not in allowed:
            raise InputProblem(
                f"Unknown key {key!r} in {where}; allowed are {', '.join(sorted(allowed))}."
            )
        if not allowed[key](value):
            raise InputProblem(f"Key {key!r} in {where} cannot be {value!r}.{_choices(key)}")


def _choices(key: str) -> str:
    return f" Allowed are {', '.join(ERRORS)}." if key == "shape" else ""
