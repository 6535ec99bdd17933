"""Reads plans: those that ship, and a person's own, which go before them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from handbill import shipped
from handbill.domain import plans
from handbill.domain.plans import Plan
from handbill.errors import InputProblem, NotFound
from handbill.services import templates
from handbill.services.desk import Desk

#: A plan is read whole.
MOST_BYTES = 200_000


def files(desk: Desk) -> Mapping[str, Path]:
    """The file of each plan, by its name."""
    folders = (shipped.folder() / "plans", desk.config / "plans")
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}


def listing(desk: Desk) -> tuple[list[Plan], list[InputProblem]]:
    """All plans by name, and what is wrong with those that cannot be read."""
    found, wrong = [], []
    for name, file in sorted(files(desk).items()):
        try:
            found.append(_read(name, file))
        except InputProblem as problem:
            wrong.append(problem)
    return found, wrong


def named(desk: Desk, name: str) -> Plan:
    """The plan of that name. Raises NotFound; InputProblem that names file, step and field."""
    known = files(desk)
    if name not in known:
        raise NotFound(
            f"There is no plan called {name[:80]}.",
            f"There are: {', '.join(sorted(known))}; yours go into {desk.config / 'plans'}.",
        )
    return _read(name, known[name])


def _read(name: str, file: Path) -> Plan:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputProblem(f"{file} is too large for a plan.", "Leave something out.")
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputProblem(f"{file} is not valid TOML: {error}.", "Mend that line.") from None
    except OSError as error:
        raise InputProblem(f"{file} cannot be read: {error.strerror}.", "Look at it.") from None
    plan = plans.read(name, values, str(file))
    for step in plan.steps:
        for text in step.texts:
            try:
                templates.check(text)
            except InputProblem as problem:
                raise InputProblem(
                    f"{file}, step {step.name}, field text: {problem.says}", problem.cure
                ) from None
    return plan
