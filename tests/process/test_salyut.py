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
        start = now().replace(microsecond=0) + timedelta(seconds=4)
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
