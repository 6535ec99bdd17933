"""Fills in the texts of plans. A template has words, fields and conditions, and nothing that could
run long: no loop, no call, no arithmetic, whatever it is given."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from handbill.errors import InputProblem

if TYPE_CHECKING:
    from jinja2.environment import Environment

MOST_CHARACTERS = 2000

#: What a template may name: what it is, and the option of `handbill review edit` that sets it.
VARIABLES: Mapping[str, tuple[str, str]] = {
    "title": ("the review's headline", "--title HEADLINE"),
    "work": ("the title of the work", "--work TITLE"),
    "outlet": ("where the review appeared", "--outlet NAME"),
    "author": ("who wrote it", "--author NAME"),
    "handle": ("the critic's name on the network, with @", "--handle @NAME"),
    "link": ("where the review can be read", "--link ADDRESS"),
    "rating": ("the rating, with its symbols: ★★★½ (3.5/5)", "--rating 3.5/5"),
    "stars": ("the symbols alone: ★★★½", "--rating 3.5/5"),
    "fraction": ("the figures alone: 3.5/5", "--rating 3.5/5"),
    "in_words": ("the rating in words", "--rating 3.5/5"),
    "quote": ("the sentence that is quoted, without quotation marks", ""),
    "turn": ("which turn of a spread it is, from 1 on", ""),
    "turns": ("how many turns the spread has", ""),
}

FILTERS = frozenset({"upper", "lower", "capitalize", "title", "trim", "truncate", "default"})
TESTS = frozenset({"defined", "undefined"})
_NODES = frozenset(
    {
        *("Template", "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "Compare"),
        *("Operand", "And", "Or", "Not", "Concat", "Filter", "Test", "Keyword"),
    }
)


class Absent(Exception):
    """A template wants a field that is not set."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def check(source: str) -> None:
    """Raise InputProblem for what is no template, or may not be in one."""
    if len(source) > MOST_CHARACTERS:
        raise InputProblem(
            f"the text has more than {MOST_CHARACTERS} characters.", "No network takes so many."
        )
    for wrong in _wrongs(_parsed(source)):
        raise InputProblem(
            f"{wrong} cannot be in the text of a plan.",
            f"There are words, {{% if … %}} and {{{{ }}}} with: {', '.join(VARIABLES)}.",
        )


def render(source: str, values: Mapping[str, str | int | None]) -> str:
    """The template filled in, without blanks around it. Raises Absent for a field without value,
    InputProblem for what `check` refuses."""
    check(source)
    given = {name: value for name, value in values.items() if value not in (None, "")}
    with _readable():
        return str(_environment().from_string(_parsed(source)).render(given)).strip()


def _parsed(source: str) -> Any:
    with _readable():
        return _environment().parse(source)


@contextmanager
def _readable() -> Generator[None]:
    from jinja2 import TemplateError

    try:
        yield
    except (TemplateError, TypeError, ValueError, AssertionError) as error:
        raise InputProblem(f"the text cannot be filled in: {error}", "Mend it.") from None
    except (RecursionError, SyntaxError, MemoryError):
        raise InputProblem("the text is nested too deeply.", "Write it plainly.") from None


def _wrongs(tree: Any) -> Iterator[str]:
    """What a template has that it must not, in words."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        kind = type(node).__name__
        if kind == "Name" and node.name not in VARIABLES:
            yield f"a field called {node.name!r}"
        if kind == "Filter" and (node.name not in FILTERS or node.node is None):
            yield f"the filter {node.name!r}"
        if kind == "Test" and node.name not in TESTS:
            yield f"the test {node.name!r}"
        if kind not in _NODES:
            yield {"For": "a loop", "Call": "a call"}.get(kind, f"{kind!r}")
        waiting.extend(node.iter_child_nodes())


@cache
def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Missing(StrictUndefined):
        """Says only which field it is."""

        def __init__(
            self, hint: str | None = None, obj: Any = None, name: str | None = None
        ) -> None:
            super().__init__(hint, obj, name, Absent)  # type: ignore[arg-type]

        @property
        def _undefined_message(self) -> str:
            return str(self._undefined_name)

    made = ImmutableSandboxedEnvironment(undefined=Missing, autoescape=False)
    made.globals.clear()
    return made
