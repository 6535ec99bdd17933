"""The text of an embargoed post is in no line that Handbill writes, whatever goes wrong."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.clock import now
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.inputs import ImageIn, PartIn, PostIn, ReviewIn, TimeIn
from handbill.models import Post
from handbill.services import embargoes, queueing, reviewing
from handbill.store import listings, workers
from tests.factories import png

pytestmark = pytest.mark.process

CANARY = "canary7f3a"
SECOND = timedelta(seconds=1)


def handbill(home: Path, *command: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        env=rig.environment(home, env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_an_embargoed_text_is_in_no_log_no_attention_and_no_traceback(
    home: Path, stage: rig.Stage
) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "handbill.toml").write_text('log_level = "debug"\n')
    app = rig.make_home(home, stage.url, "ada")
    (home / "lamp.png").write_bytes(png())
    review = reviewing.add(app.desk, ReviewIn(title="A lamp and two liars", work="Skerry Light"))
    image = ImageIn(file=str(home / "lamp.png"), alt=f"{CANARY} of a lamp.")
    part = PartIn(text=f"{CANARY} is the killer.", images=[image])
    new = PostIn(account="ada", at="now", parts=[part], review=review.slug)
    (entry,) = queueing.queue(app.desk, [("", new)], lambda _text, _moment: False)
    number = entry.post.id or 0
    lift = (now() + 12 * SECOND).replace(microsecond=0)
    asked = TimeIn(at=lift.isoformat(), zone="UTC")
    change = embargoes.plan(app.desk, review.slug, Kind.REVIEW, asked)
    embargoes.keep(app.desk, change, move=False)
    seen = {}

    rig.overwrite(app, Post, number, embargo_until=None, not_before=now())
    seen["a traceback"] = handbill(home, "tick", FAILPOINT="claim.after_commit:raise")
    assert "Traceback" in seen["a traceback"]
    seen["a tick"] = handbill(home, "tick")
    with rig.daemon(app):
        assert stage.accepted() == []
        seen["troubles"] = " ".join(w.trouble or "" for w in workers.listing(app.desk.engine))
        stage.faults(
            {"do": "error", "shape": "unavailable", "path": "/2/media/*", "times": 1},
            {"do": "drop", "path": "/2/tweets", "times": 1, "accept": True},
        )
        rig.until(lambda: status(app, number) is Status.PUBLISHED, "the post", 60)
    seen["the log"] = (home / "run.log").read_text()
    found = listings.get(app.desk.engine, number)
    seen["attempts"] = " ".join(one.detail for one in found.attempts)
    assert "not_sent" in [one.outcome for one in found.attempts]
    seen["attention"] = str(found.post.attention)
    seen["repr"] = repr(app.desk)
    assert [place for place, text in seen.items() if CANARY in text] == []
    assert stage.accepted()[0]["accepted_at"] >= lift.isoformat().replace("+00:00", "Z")
    early = [
        one
        for one in stage.ledger()["requests"]
        if datetime.fromisoformat(one["at"]) < lift and one["bytes"]
    ]
    assert early == []
    app.desk.engine.dispose()


def status(app: App, number: int) -> Status:
    return listings.get(app.desk.engine, number).post.status
