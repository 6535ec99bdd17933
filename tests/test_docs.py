"""The pages tell the truth: their commands exist and do what is shown, their tables are the code's.

What differs from run to run (times, numbers, lateness) may differ from the page; `…` on a page
stands for anything.
"""

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.main import get_command

import handbill
from handbill import cli, examples, networks, rehearsal, settings
from handbill.domain import lateness, lifecycle, network, outcomes, settling
from handbill.domain.durations import spell
from handbill.domain.lifecycle import LABELS, Status
from handbill.networks import x
from handbill.networks.x import answers
from handbill.rehearsal.faults import Plan
from handbill.rehearsal.shapes import ERRORS
from handbill.services import batches, timekeeping

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text("utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first line begins with `heading`."""
    lines = text[text.index(heading) :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def fenced(text: str, kind: str) -> list[str]:
    """The blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


# Every command and every link


def mentions(text: str) -> Iterator[list[str]]:
    """The words behind every `handbill …` on a page."""
    for tail in re.findall(r"(?<![\w.])handbill (?=[-a-z])([^`\n]*)", text):
        words = shlex.split(tail)
        yield words[: next((i for i, w in enumerate(words) if re.match(r"[>|]", w)), None)]


def unknown_word(words: list[str]) -> str | None:
    """The first word that the program would not know as a command or an option."""
    command: Any = get_command(cli.app)
    takes_value = False
    for word in words:
        name, _, given = word.partition("=")
        options = {opt: p for p in command.params for opt in (*p.opts, *p.secondary_opts)}
        if takes_value:
            takes_value = False
        elif name.startswith("-") and len(name) > 1:
            if name not in {*options, "--help"}:
                return word
            takes_value = name in options and not options[name].is_flag and not given
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_on_a_page_exists(path: Path) -> None:
    wrong = [(words, unknown_word(words)) for words in mentions(path.read_text("utf-8"))]
    assert [found for found in wrong if found[1]] == []


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        ("queue add TEXT --at 'fri 18:30'", None),
        ("--home DIR run --log json", None),
        ("queue ad TEXT", "ad"),
        ("queue add TEXT --when now", "--when"),
        ("--hoem DIR run", "--hoem"),
    ],
)
def test_the_check_of_commands_finds_what_is_wrong(words: str, unknown: str | None) -> None:
    assert unknown_word(shlex.split(words)) == unknown


def test_every_make_target_on_a_page_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    for path in PAGES:
        named = set(re.findall(r"(?:`|^\$ )make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE))
        assert named <= targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).is_file()] == []


# The README, typed as it stands


@dataclass(frozen=True)
class Typed:
    """A command of a console block, and what the page shows below it."""

    command: str
    shown: str


def typed(text: str) -> list[Typed]:
    """The commands of a page's console blocks, in order."""
    found = []
    for block in fenced(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append(Typed(command, shown))
    return found


#: What differs from run to run; each matches what is on the page as well as what is printed.
VARYING = (
    r"[A-Z][a-z]{2} \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? [A-Z]{3,4}",
    r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?:\.\d{3}Z)?",
    r"on time|\d+\.\d s late",
    r"\d+\.\d{3} s",
    r"status/\d+",
    r"127\.0\.0\.1:\d+",
)


def matches(shown: str, printed: str) -> bool:
    """Whether a program printed what a page shows, whatever the width of the terminal."""
    pieces = re.split(f"( ?… ?|{'|'.join(VARYING)})", " ".join(shown.split()))
    kinds = [".*?" if "…" in piece else _kind(piece) or re.escape(piece) for piece in pieces]
    return re.fullmatch("".join(kinds), " ".join(printed.split())) is not None


def _kind(piece: str) -> str | None:
    return next((f"(?:{one})" for one in VARYING if re.fullmatch(one, piece)), None)


class Shell:
    """Types a page's commands into a home of their own, with a rehearsal in the place of X."""

    def __init__(self, home: Path, x_address: str) -> None:
        self._home = home
        self._x = x_address
        plain = {k: v for k, v in os.environ.items() if not k.startswith("HANDBILL_")}
        self._env = {**plain, "HANDBILL_HOME": str(home), "COLUMNS": "200"}

    def answer(self, command: str) -> str:
        """What a command prints, when it ends well."""
        words = shlex.split(command)[1:]
        if words[:2] == ["account", "check"]:
            self._fill_in_keys(words[2])
            self.answer(f"handbill account edit {words[2]} --server {self._x}")
        if words == ["run"]:
            return self._run_until_published()
        done = subprocess.run(
            [sys.executable, "-m", "handbill", *words],
            env=self._env,
            cwd=self._home.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return self._as_x(done.stdout)

    def _fill_in_keys(self, account: str) -> None:
        keys = rehearsal.practice_keys(account)
        lines = [f"{settings.variable(f'tokens.{account}.{key}')}={keys[key]}\n" for key in keys]
        with (self._home / ".env").open("a") as env:
            env.writelines(lines)

    def _run_until_published(self) -> str:
        """Friday comes at once: what waits is due now."""
        self.answer("handbill queue reschedule 1 --now")
        lines = []
        with subprocess.Popen(
            [sys.executable, "-m", "handbill", "run"],
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as daemon:
            too_long = threading.Timer(20, daemon.kill)
            too_long.start()
            assert daemon.stdout
            for line in daemon.stdout:
                lines.append(line)
                if "Published" in line:
                    break
            daemon.terminate()
            daemon.stdout.read()
            too_long.cancel()
        assert daemon.returncode == 0, lines
        return self._as_x("".join(lines))

    def _as_x(self, printed: str) -> str:
        return printed.replace(self._x, "https://x.com")


#: For commands that ask no network.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def x_address() -> Iterator[str]:
    """A rehearsal in a process of its own."""
    command = [sys.executable, "-m", "handbill.rehearsal", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stand_in:
        assert stand_in.stdout
        yield stand_in.stdout.readline().split()[1]
        stand_in.terminate()


@pytest.mark.process
def test_the_readme_shows_what_the_program_prints(tmp_path: Path, x_address: str) -> None:
    shell = Shell(tmp_path / "home", x_address)
    lines = [one for one in typed(page("README.md")) if one.command.startswith("handbill ")]
    assert len(lines) >= 7
    for one in lines:
        printed = shell.answer(one.command)
        assert matches(one.shown, printed), f"$ {one.command}\n{one.shown}\n--- but:\n{printed}"
    ledger = requests.get(f"{x_address}/_rehearsal/ledger", timeout=5).json()
    assert len(ledger["posts"]) == 1


@pytest.mark.process
def test_the_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    (shown,) = [one.shown for one in typed(page("README.md")) if one.command == "make demo"]
    printed = Shell(tmp_path, NOWHERE).answer("handbill demo")
    assert matches(shown, f"what make says first\n{printed}"), printed


def test_the_page_on_running_shows_what_the_program_prints(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "home", NOWHERE)
    shell.answer("handbill init")
    for one in typed(page("docs/operations.md")):
        printed = shell.answer(one.command)
        assert matches(one.shown, printed), printed


def test_the_page_on_campaigns_shows_what_the_program_prints(tmp_path: Path) -> None:
    text = page("docs/campaigns.md")
    (tmp_path / "skerry.md").write_text(fenced(text, "text")[0], "utf-8")
    shell = Shell(tmp_path / "home", NOWHERE)
    shell.answer("handbill init")
    shell.answer("handbill account add my_blog --network x --zone Europe/Paris")
    commands = typed(text)
    assert len(commands) >= 6
    for one in commands:
        printed = shell.answer(one.command)
        assert matches(one.shown, printed), f"$ {one.command}\n{one.shown}\n--- but:\n{printed}"


@pytest.mark.parametrize("group", ["", "account", "review", "queue", "config"])
def test_help_is_there_for_every_group(tmp_path: Path, group: str) -> None:
    assert "Usage:" in Shell(tmp_path, NOWHERE).answer(f"handbill {group} --help")


def test_the_comparison_finds_what_is_wrong() -> None:
    shown = "Queued #1: Fri 27 Nov 2026 18:30 CET,\n  on time … end"
    assert matches(shown, "Queued #1: Mon 01 Jun 2026 09:00:01 CEST, 1.5 s late   and so\n end\n")
    assert not matches(shown, "Queued #2: Mon 01 Jun 2026 09:00:01 CEST, on time end")
    assert not matches(shown, "Queued #1: Mon 01 Jun 2026 09:00:01 CEST, on time end of it")


# Tables and examples that the code knows better


@pytest.mark.parametrize(
    ("name", "written"),
    [("config/handbill.example.toml", examples.toml), (".env.example", examples.env)],
)
def test_an_example_is_what_the_code_writes(name: str, written: Callable[[], str]) -> None:
    assert page(name) == written()


def test_an_example_with_every_line_in_force_is_the_default(tmp_path: Path) -> None:
    lines = re.sub(r"^# (?=[a-z_]+ = )", "", page("config/handbill.example.toml"), flags=re.M)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "handbill.toml").write_text(lines, "utf-8")
    loaded, default = settings.load(tmp_path, {}), settings.load(tmp_path / "other", {})
    for name in settings.Settings.model_fields.keys() - {"home", "database_url", "zone", "prices"}:
        assert getattr(loaded, name) == getattr(default, name), name
    for name in networks.names():
        assert loaded.prices.get(name) == networks.price_list(default.prices)(name)


def test_every_setting_is_documented() -> None:
    table = {row[0].strip("`"): row for row in rows(page("docs/operations.md"), "| setting |")}
    assert list(table) == list(settings.Settings.model_fields)
    for name, field in settings.Settings.model_fields.items():
        assert (".env" in table[name][3]) == (name in settings.SECRET_KEYS)
        if isinstance(field.default, str | int):
            assert table[name][1] == f"`{field.default}`"


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$", page("CHANGELOG.md"), re.MULTILINE)
    assert first
    assert first[1] == handbill.__version__


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    named = [re.split(r"[\[<>=;]", one)[0] for one in sum(extras, project["dependencies"])]
    table = rows(page("docs/decisions.md"), "| package |")
    explained = re.findall(r"`([\w-]+)`", " ".join(row[0] for row in table))
    assert set(named) - {"handbill"} == set(explained)


def test_every_decision_is_dated() -> None:
    paragraphs = page("docs/decisions.md").split("\n\n")[2:]
    undated = [p for p in paragraphs if not re.match(r"\*\*\d{4}-\d\d-\d\d .+\.\*\*|#|\|", p)]
    assert undated == []


def test_the_tools_lock_pins_what_the_programs_lock_pins() -> None:
    program, tools = (
        set(re.findall(r"^[\w.-]+==\S+", page(name), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert program <= tools


@pytest.mark.parametrize("word", rows(page("docs/glossary.md"), "| word |"), ids=lambda w: w[0])
def test_every_word_is_in_the_code(word: list[str]) -> None:
    for dotted in re.findall(r"`([\w.]+)`", word[2]):
        assert in_code(dotted), dotted


def in_code(dotted: str) -> bool:
    """Whether `handbill` has something of that dotted name."""
    names = dotted.split(".")
    for cut in range(len(names), 0, -1):
        try:
            found: object = importlib.import_module(f"handbill.{'.'.join(names[:cut])}")
        except ModuleNotFoundError:
            continue
        return reduce(lambda one, name: getattr(one, name, None), names[cut:], found) is not None
    return False


def test_the_page_on_networks_names_every_part_of_the_protocols() -> None:
    text = page("docs/adding-a-network.md")
    for protocol in (network.Network, network.NetworkModule):
        members = {*vars(protocol), *protocol.__annotations__}
        for name in (name for name in members if not name.startswith("_")):
            assert re.search(rf"`{name}\b", text), name


def test_the_readme_explains_every_state() -> None:
    table = rows(page("README.md"), "| Handbill says |")
    assert [row[0] for row in table] == [LABELS[status] for status in Status]


def test_the_page_on_publishing_has_every_transition() -> None:
    told = {
        (state, verb, to)
        for state, leads in rows(page("docs/publishing.md"), "| | leads to |")
        for to, verb in re.findall(r"([A-Z][\w: ]+?) \((\w+)\)", leads)
    }
    real = {
        (LABELS[status], verb.value, LABELS[to])
        for (status, verb), to in lifecycle.TRANSITIONS.items()
    }
    late = {(LABELS[s], "confirm", LABELS[Status.PUBLISHED]) for s in Status}
    assert told <= real
    assert real - told == late - told - {("Published", "confirm", "Published")}


def test_the_page_on_publishing_has_every_outcome_and_the_true_lengths() -> None:
    text = page("docs/publishing.md")
    assert set(outcomes.KINDS) == set(re.findall(r"\| `(\w+)` \|", text))
    looks = ", ".join(spell(length) for length in settling.LOOKUPS)
    for words in (
        f"own posts {looks} after",
        f"within {spell(settling.SEND_WINDOW)} of arming",
        f"ends within {spell(settling.EXCHANGE_DEADLINE)}.",
        f"at least {spell(settling.QUIET)} after arming",
        f"within {spell(outcomes.FIRST_WAIT)}, then",
        f"at most {spell(outcomes.LONGEST_WAIT)} |",
    ):
        assert words in " ".join(text.split())


def test_the_page_on_running_has_the_true_lengths_of_lateness_and_clocks() -> None:
    text = " ".join(page("docs/operations.md").split())
    for words in (
        f"`gap_after_outage` ({spell(lateness.DEFAULT_GAP)}) apart",
        f"less than {spell(lateness.BARELY)} late",
        f"An outage is {spell(lateness.OUTAGE)} without",
        f"that are {spell(lateness.OUTAGE)} late or more",
        f"jumped by {spell(timekeeping.JUMP)} or more",
        f"nothing has run for {spell(timekeeping.ASLEEP)}",
        f"every {spell(timekeeping.ASK_ANYWAY)}.",
        f"ahead by more than {spell(timekeeping.TOLERANCE)}",
        f"behind by {spell(timekeeping.BEHIND)} or more",
        f"asked again every {spell(timekeeping.ASK_AGAIN)}",
        f"look-ups wait for {spell(settling.QUIET)}",
    ):
        assert words in text, words


#: The rows whose answer the rehearsal can give; the others begin without a status.
ANSWERED = [r for r in rows(page("docs/publishing.md"), "| X answers |") if r[0][0].isdigit()]


@pytest.mark.parametrize(("answered", "read", "_way_on"), ANSWERED, ids=lambda cell: cell[:30])
def test_a_sentence_on_the_page_is_the_programs(answered: str, read: str, _way_on: str) -> None:
    status, _, shape = answered.partition(" ")
    given = ERRORS[shape]()
    reasons = {502: "Bad Gateway", 503: "Service Unavailable"}
    body = json.loads(given.body) if "json" in given.content_type else None
    answer = answers.Answer(given.status, reasons.get(given.status, ""), {}, body)
    half_past = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)
    outcome = answers.outcome(answer, "", lambda: half_past)
    assert (str(given.status), outcome.says) == (status, read)


def test_the_fault_plan_on_the_page_is_one() -> None:
    plan = Plan()
    (shown,) = fenced(page("docs/operations.md"), "toml")
    plan.replace(tomllib.loads(shown))
    assert [rule.do for rule in plan.rules] == ["drop", "error"]


def test_the_csv_on_the_page_can_be_read(tmp_path: Path) -> None:
    (shown,) = fenced(page("docs/operations.md"), "csv")
    (tmp_path / "posts.csv").write_text(shown, "utf-8")
    read = [post for _place, post in batches.read(tmp_path / "posts.csv")]
    assert [x.check(part.text, []) for post in read for part in post.parts] == [[], []]
    assert [len(post.parts[0].images) for post in read] == [0, 1]


# What must be nowhere

#: Put together here, so that this file does not name them either.
REGISTRIES = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]


def our_files() -> Iterator[Path]:
    """The files of this project, as far as they are ours."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name != ".env")
    for folder in (".ci", "bench", "config", "docs", "src", "tests"):
        yield from (
            path
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )


def test_no_file_names_a_package_registry() -> None:
    found = [
        (str(path), host)
        for path in our_files()
        for host in REGISTRIES
        if host.encode() in path.read_bytes()
    ]
    assert found == []
