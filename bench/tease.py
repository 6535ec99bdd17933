"""How long `tease` takes for a review of ten million characters, whatever they are."""

import tempfile
import time
from pathlib import Path

from bench import rig
from handbill import networks
from handbill.inputs import ReviewIn
from handbill.services import reviewing, teasing

LIMIT_SECONDS = 2.0
SMALL, LARGE = 1_000_000, 10_000_000

_PROSE = """Nine Doors is a tense, beautifully shot film, and its last act is a mess. The score
is by Mr. J. P. Holm. Then Ada returns to the house and finds a letter. Although the dialogue is
flat, the cast never is; see it for them. "Who is there?" she asks. It runs 96 minutes.

"""
#: Each is repeated up to the wanted length.
HOSTILE = {
    "prose": _PROSE,
    "one_sentence": "the film is long, and it goes on; ",
    "dots": ".",
    "dots_apart": ". ",
    "no_blanks": "a",
    "blanks": " ",
    "blank_lines": "\n ",
    "quotes": '."',
    "initials": "A.",
    "initials_apart": "A. B. ",
    "short": "It is on. ",
    "commas": ", and ",
    "hyphens": "a-",
    "hashtags": "#aB",
    "marks": "\u0316\u0301",
    "capitals": "Ab Cd ",
    "east": "良い。",
}


def run(short: bool = False) -> int:
    """Print the milliseconds for 10 MB, or in short for 1 MB; 1 if one took over two seconds."""
    length, figures, slowest = SMALL if short else LARGE, [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        app = rig.make_home(Path(folder), "http://127.0.0.1:9", "ada", ask=False)
        for name, unit in HOSTILE.items():
            text = unit * (length // len(unit))
            new = ReviewIn.model_construct(title="A review", work="Nine Doors", text=text)
            slug = reviewing.add(app.desk, new).slug
            start = time.perf_counter()
            if text.strip():
                teasing.tease(app.desk, slug, 10, networks.names())
            took = time.perf_counter() - start
            slowest = max(slowest, took)
            figures.append(f"{name}_ms={took * 1000:.0f}")
        app.desk.engine.dispose()
    print(f"tease length={length}", *figures, f"slowest_s={slowest:.2f} bar_s={LIMIT_SECONDS:g}")
    return int(slowest > LIMIT_SECONDS)


if __name__ == "__main__":
    raise SystemExit(run())
