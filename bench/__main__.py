"""`python -m bench [--short] [NAME …]`: print the figures, exit 1 if one is below its bar."""

import argparse
import compileall
import importlib
import sys
from pathlib import Path

#: Those that `python -m bench` runs when none is named.
NAMES = ("startup", "idle", "punctual", "text", "dst", "ambiguity")
#: Those that take long and are run only by name, or in their short form.
CHAOS = ("chaos", "pgchaos")


def main() -> int:
    """Run the named figures, or all."""
    known = NAMES + CHAOS
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(known)}")
    parser.add_argument("--short", action="store_true", help="the short form, as CI runs it")
    given = parser.parse_args()
    unknown = set(given.names) - set(known)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    compileall.compile_dir(str(Path(__file__).parents[1] / "src"), quiet=2)
    worst = 0
    for name in given.names or (known if given.short else NAMES):
        worst = max(worst, importlib.import_module(f"bench.{name}").run(short=given.short))
        sys.stdout.flush()
    return worst


if __name__ == "__main__":
    sys.exit(main())
