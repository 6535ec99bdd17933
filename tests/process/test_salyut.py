"""A real review from a real festival: its own sentences go out on time, in order, and no more."""

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.clock import now

SAMPLE = Path(__file__).parents[2] / ".." / "shared" / "samples" / "salyut-7.txt"

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not SAMPLE.is_file(), reason="the folder of samples is not here"),
]


def review() -> dict[str, str]:
    """Headline, outlet, author and handle, where the text has them."""
    text = SAMPLE.read_text("utf-8")
    outlet, headline, *rest = [line.strip() for line in text.splitlines() if line.strip()]
    author = next(line for line in rest if line.startswith("The Diva"))
    handle = re.search(r"@thedivadelmar", text)
    assert handle
    return {
        "--title": headline,
        "--outlet": outlet.rstrip(" ("),
        "--work": "Salyut-7",
        "--author": author,
        "--handle": handle[0],
    }


def teasers() -> list[str]:
    """Three sentences of the review, word for word."""
    text = SAMPLE.read_text("utf-8")
    starts = (r"Director\s+Klim", r"It masterfully hits", r"Definitely put Salyut-7")
    found = [re.search(start + r"[^.!]*[.!]", text) for start in starts]
    return [sentence[0] for sentence in found if sentence]


def test_three_teasers_of_a_review_go_out_on_time(home: Path, stage: rig.Stage) -> None:
    app = rig.make_home(home, stage.url, "thedivadelmar")

    def handbill(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "handbill", *command],
            env=rig.environment(home),
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout

    fields = review()
    assert fields["--title"] == "The Diva Del Mar Salutes Salyut-7 at Fantastic Fest!"
    assert fields["--outlet"] == "Ain't It Cool News"
    handbill("review", "add", *[word for pair in fields.items() for word in pair])
    texts = teasers()
    assert len(texts) == 3

    with rig.daemon(app):
        start = now().replace(microsecond=0) + timedelta(seconds=10)
        due = {text: start + timedelta(seconds=n) for n, text in enumerate(texts)}
        for text, moment in due.items():
            handbill("queue", "add", text, "--review", "salyut-7", "--at", moment.isoformat())
        rig.until(lambda: len(stage.accepted()) >= 3, "three teasers")

    made = stage.accepted()
    assert [post["text"] for post in made] == texts
    for post in made:
        late = datetime.fromisoformat(post["accepted_at"]) - due[post["text"]]
        assert timedelta(0) <= late <= timedelta(seconds=1)
    history = json.loads(handbill("history", "--json"))
    assert [row["parts"][0]["text"] for row in history] == texts[::-1]
    assert [row["parts"][0]["remote_id"] for row in history] == [p["id"] for p in made[::-1]]
    assert {row["status"] for row in history} == {"published"}
    assert {row["review"] for row in history} == {"salyut-7"}
    app.desk.engine.dispose()


PLAN = """
about = "The festival plan with its days made seconds."

[[step]]
name = "reaction"
when = "reaction-embargo+0"
kind = "reaction"
text = "Just out of {{ work }}. My review follows when it may."

[[step]]
name = "review"
when = "embargo+0"
quote = true
text = ["“{{ quote }}” {{ title }}", "“{{ quote }}” {{ work }}", "{{ title }}"]

[[step]]
name = "afterwards"
when = "embargo+2s"
times = 2
every = "2s"
quote = true
text = ["“{{ quote }}” {{ work }}", "“{{ quote }}”"]
"""


def test_a_review_becomes_a_campaign_in_two_commands(home: Path, stage: rig.Stage) -> None:
    """Read from the file as it is, planned for two accounts, and nothing before its embargo."""
    app = rig.make_home(home, stage.url, "diva", "outlet")
    (home / "config" / "plans").mkdir(parents=True)
    (home / "config" / "plans" / "festival.toml").write_text(PLAN)

    def handbill(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "handbill", *command],
            env=rig.environment(home, {"COLUMNS": "200"}),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    handbill("review", "add", str(SAMPLE), "--slug", "salyut-7", "--work", "Salyut-7")
    lift = now().replace(microsecond=0) + timedelta(seconds=12)
    for kind, moment in (("reaction", lift - timedelta(seconds=3)), ("review", lift)):
        handbill("review", "embargo", "set", "salyut-7", moment.isoformat(), "--kind", kind)
    table = json.loads(
        handbill("plan", "apply", "festival", "salyut-7", "--approve", "--yes", "--json")
    )
    assert len(table["posts"]) == 8
    again = json.loads(
        handbill("plan", "apply", "festival", "salyut-7", "--approve", "--yes", "--json")
    )
    assert {row["change"] for row in again["rows"]} == {"same"}

    with rig.daemon(app):
        rig.until(lambda: len(stage.accepted()) == 8, "the campaign", 60)
        rig.until(lambda: '"queued"' not in handbill("queue", "list", "--json"), "its record")

    made = stage.accepted()
    text = " ".join(SAMPLE.read_text("utf-8").split())
    for post in made:
        at = datetime.fromisoformat(post["accepted_at"])
        reaction = post["text"].startswith("Just out of Salyut-7.")
        assert at >= (lift - timedelta(seconds=3) if reaction else lift)
        quotes = re.findall("“(.*)”", post["text"])
        assert len(quotes) == (0 if reaction else 1)
        assert all(quote in text for quote in quotes)
    history = json.loads(handbill("history", "--json"))
    assert {row["status"] for row in history} == {"published"}
    kept = {(row["parts"][0]["remote_id"], row["parts"][0]["text"]) for row in history}
    assert kept == {(post["id"], post["text"]) for post in made}
    assert all(row["embargo"] for row in history), "the proof of what was kept"
    app.desk.engine.dispose()
