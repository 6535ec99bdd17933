"""What the daemon costs while there is nothing to do: processor time and memory."""

import os
import tempfile
import time
from pathlib import Path

from bench import rig

BAR_CPU_PERCENT = 0.3
BAR_RESIDENT_MB = 90.0
PENDING = 10_000


def run(short: bool = False) -> int:
    """Print the share of one core and the resident memory; 1 if one is over its bar."""
    seconds = 15 if short else 60
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        app = rig.make_home(home, "http://127.0.0.1:9", "ada", ask=False)
        rig.fill(app, "ada", PENDING)
        with rig.daemon(app) as daemon:
            time.sleep(3)
            before = _cpu_seconds(daemon.pid)
            time.sleep(seconds)
            percent = 100 * (_cpu_seconds(daemon.pid) - before) / seconds
            resident = _resident_mb(daemon.pid)
        app.desk.engine.dispose()
    print(
        f"idle cpu_percent={percent:.2f} resident_mb={resident:.0f} pending={PENDING} "
        f"over_s={seconds} bar_cpu_percent={BAR_CPU_PERCENT} bar_resident_mb={BAR_RESIDENT_MB:.0f}"
    )
    return int(percent > BAR_CPU_PERCENT or resident > BAR_RESIDENT_MB)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
