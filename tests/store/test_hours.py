"""With several workers one clock decides: the server's."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.errors import StoreProblem
from handbill.store.engine import make_engine
from handbill.store.hours import ServerClock, clock_of
from tests.factories import Hands


def test_for_a_file_this_machines_clock_decides(lite: Engine) -> None:
    hands = Hands()
    assert clock_of(lite, hands) is hands


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_on_a_server_its_own_clock_decides_and_ours_is_not_asked(engine: Engine) -> None:
    clock = clock_of(engine, Hands(datetime(1999, 1, 1, tzinfo=UTC)))
    for _ in range(20):
        with engine.connect() as connection:
            mine = clock()
            theirs = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        assert timedelta(0) <= theirs - mine < timedelta(seconds=5), "never ahead of the server"


def test_without_a_server_there_is_no_time() -> None:
    away = make_engine("postgresql://nobody@127.0.0.1:9/handbill")
    with pytest.raises(StoreProblem, match="what time it is"):
        ServerClock(away)()
