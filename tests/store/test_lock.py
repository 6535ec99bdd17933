"""One publisher for one SQLite file."""

import subprocess
import sys
import threading

import pytest
from sqlalchemy import Engine

from handbill.errors import StoreProblem
from handbill.store.engine import make_engine
from handbill.store.lock import is_running, sole_worker

HOLD = """
import sys
import threading
from handbill.store.engine import make_engine
from handbill.store.lock import sole_worker
with sole_worker(make_engine(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.readline()
"""


def test_nobody_runs_at_first(lite: Engine) -> None:
    assert is_running(lite) is False


def test_a_worker_is_seen_and_is_gone_when_it_ends(lite: Engine) -> None:
    with sole_worker(lite):
        assert is_running(lite) is True
    assert is_running(lite) is False


def test_a_second_worker_is_refused_in_plain_words(lite: Engine) -> None:
    with sole_worker(lite), pytest.raises(StoreProblem) as problem, sole_worker(lite):
        raise AssertionError
    assert "Another Handbill is publishing from" in problem.value.says
    assert problem.value.cure


def test_the_second_leaves_the_firsts_lock_alone(lite: Engine) -> None:
    with sole_worker(lite):
        with pytest.raises(StoreProblem), sole_worker(lite):
            raise AssertionError
        assert is_running(lite) is True


def test_a_worker_that_breaks_lets_go(lite: Engine) -> None:
    with pytest.raises(LookupError), sole_worker(lite):
        raise LookupError
    with sole_worker(lite):
        pass


def test_a_worker_in_another_process_counts_and_its_death_frees_the_file(lite: Engine) -> None:
    command = [sys.executable, "-c", HOLD, str(lite.url)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        assert is_running(lite) is True
        with pytest.raises(StoreProblem), sole_worker(lite):
            raise AssertionError
        other.kill()
    with sole_worker(lite):
        pass


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_on_a_server_many_may_work(engine: Engine, url: str) -> None:
    other = make_engine(url)
    with sole_worker(engine), sole_worker(other):
        assert is_running(engine) is None
    other.dispose()


def test_one_who_only_asks_does_not_keep_the_daemon_out(lite: Engine) -> None:
    asking = True

    def ask() -> None:
        while asking:
            is_running(lite)

    onlooker = threading.Thread(target=ask)
    onlooker.start()
    try:
        for _ in range(20):
            with sole_worker(lite):
                pass
    finally:
        asking = False
        onlooker.join()
    assert is_running(lite) is False
