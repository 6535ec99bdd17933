"""`handbill demo`: three teasers on time, nothing left behind, and the way on."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import rig

pytestmark = pytest.mark.process


def test_the_demo_publishes_three_teasers_and_leaves_nothing(tmp_path: Path) -> None:
    # A real database in the environment is not touched.
    real = {"HANDBILL_DATABASE_URL": f"sqlite:///{tmp_path / 'real.db'}"}
    done = subprocess.run(
        [sys.executable, "-m", "handbill", "demo"],
        env={**rig.environment(tmp_path, real), "TMPDIR": str(tmp_path), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    history = done.stdout.partition("The history")[2]
    assert history.count("✓ Published") == 3
    assert "http://127.0.0.1:" in history
    assert "handbill init" in history
    assert list(tmp_path.iterdir()) == []
