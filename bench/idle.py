"""What the daemon costs while there is nothing to do: processor time and memory."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from bench import rig, stock

BAR_CPU_PERCENT = 0.3
BAR_RESIDENT_MB = 90.0


def run(short: bool = False, databases: Sequence[str] = stock.DATABASES) -> int:
    """Print the share of one core and the resident memory; 1 if one is over its bar."""
    return max(_measure(kind, short) for kind in databases)


def _measure(kind: str, short: bool) -> int:
    seconds, waiting = 15 if short else 60, stock.pending(short)
    with stock.scene(kind, waiting) as scene, rig.daemon(scene.app) as daemon:
        time.sleep(3)
        before = _cpu_seconds(daemon.pid)
        time.sleep(seconds)
        percent = 100 * (_cpu_seconds(daemon.pid) - before) / seconds
        resident = rig.resident_mb(daemon.pid)
    print(
        f"idle database={kind} cpu_percent={percent:.2f} resident_mb={resident:.0f} "
        f"pending={waiting} over_s={seconds} bar_cpu_percent={BAR_CPU_PERCENT} "
        f"bar_resident_mb={BAR_RESIDENT_MB:.0f}"
    )
    return int(percent > BAR_CPU_PERCENT or resident > BAR_RESIDENT_MB)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
