"""`python -m handbill.rehearsal --port N --faults FILE`: the stand-in X without the CLI."""

import argparse
import sys
from pathlib import Path

from handbill.errors import Problem
from handbill.rehearsal.server import serve


def main() -> int:
    """Serve until a signal says stop; the first line printed is `ready http://127.0.0.1:PORT`."""
    parser = argparse.ArgumentParser(prog="python -m handbill.rehearsal", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--faults", type=Path, help="a fault plan, TOML or JSON")
    given = parser.parse_args()
    try:
        serve(given.port, given.faults, lambda url: print(f"ready {url}", flush=True))  # noqa: T201
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
