"""How long a person waits for a command: medians of whole processes."""

import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench import rig
from handbill.clock import now

BARS_S = {"help": 0.35, "queue_list": 1.0}
COMMANDS = {"help": ["--help"], "queue_list": ["queue", "list"]}


def run(short: bool = False) -> int:
    """Print the median seconds of `--help` and `queue list`; 1 if one is over its bar."""
    times = 5 if short else 15
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        app = rig.make_home(home, "http://127.0.0.1:9", "ada", ask=False)
        later = now() + timedelta(days=300)
        rig.queue_at(app, "ada", [(f"later {n}", later) for n in range(20)])
        app.desk.engine.dispose()
        figures = {
            name: statistics.median(_seconds(home, command) for _ in range(times))
            for name, command in COMMANDS.items()
        }
        bare = statistics.median(_seconds(home, None) for _ in range(times))
    shown = " ".join(f"{name}_s={value:.3f}" for name, value in figures.items())
    bars = " ".join(f"{name}_bar_s={bar}" for name, bar in BARS_S.items())
    print(f"startup {shown} bare_python_s={bare:.3f} {bars}")
    return int(any(figures[name] > bar for name, bar in BARS_S.items()))


def _seconds(home: Path, command: list[str] | None) -> float:
    line = ["-c", "pass"] if command is None else ["-m", "handbill", *command]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *line], env=rig.environment(home), check=True, capture_output=True
    )
    return time.perf_counter() - start
