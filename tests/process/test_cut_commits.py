"""The line to PostgreSQL breaks in a COMMIT, so that the daemon cannot know whether it holds: the
post is out once, or held for a person with nothing sent, and never out twice."""

import itertools
from pathlib import Path

import pytest

from bench import cutting, oracle, rig
from bench.cutting import SAYS, When
from bench.fulldisk import later_on, status_of
from handbill.app import build
from handbill.domain.lifecycle import Status
from handbill.settings import load
from handbill.store import listings
from tests.conftest import Postgres

pytestmark = [pytest.mark.process, pytest.mark.postgres]


@pytest.mark.parametrize(("step", "when"), list(itertools.product(SAYS, When)))
def test_a_commit_is_cut_off_and_a_worker_with_a_clear_line_finishes_the_post(
    postgres: Postgres, home: Path, stage: rig.Stage, step: str, when: When
) -> None:
    address = postgres.create()
    rig.make_home(home, stage.url, "ada", database_url=address).desk.engine.dispose()
    with cutting.cutter(address, step, when) as line:
        rig.write_keys(home, ["ada"], line.address.render_as_string(hide_password=False))
        line.armed.set()
        app = build(load(home, env={}))
        (number,) = rig.queue(app, "ada", f"Cut in the commit of {step}, {when}.")
        app.desk.engine.dispose()
        with rig.daemon(app):
            assert line.cut.wait(10), "its commit never came"
            rig.until(lambda: stage.accepted() or step != "record", "the post")
    rig.write_keys(home, ["ada"], address)
    app = build(load(home, env={}))
    end = later_on(app)
    verdict = oracle.judge(app.desk.engine, stage.ledger(), end)
    status, sent = status_of(app, number), len(stage.accepted())
    first = listings.get(app.desk.engine, number).attempts[0]
    app.desk.engine.dispose()
    postgres.drop(address)
    assert verdict.ok, verdict.line()
    assert (status, sent) in {(Status.PUBLISHED, 1), (Status.IN_DOUBT, 0)}
    if step == "arm":
        assert (first.armed_at is not None) == (when is When.AFTER), "it was cut at the wrong place"
    else:
        assert sent == 1, "only of an armed post may nobody know whether it has left"
