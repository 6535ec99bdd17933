"""Reviews of works that do not exist, with a letter for what each sentence is."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """A labelled review; `sentences` are (letter, sentence), as its README explains."""

    headline: str
    work: str
    author: str
    spoilers: tuple[str, ...]
    text: str
    sentences: tuple[tuple[str, str], ...]

    def kind(self, start: int) -> str:
        """The letter of the sentence in which this place of the text is."""
        before = [letter for letter, line in self.sentences if self.text.index(line) <= start]
        return before[-1]


def names() -> list[str]:
    """All samples."""
    return sorted(file.stem for file in FOLDER.glob("*.txt"))


@cache
def sample(name: str) -> Sample:
    """The sample of that name."""
    head, _, body = (FOLDER / f"{name}.txt").read_text("utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    paragraphs = [part.splitlines() for part in body.strip().split("\n\n")]
    labelled = [tuple(line.split("| ", 1)) for part in paragraphs for line in part]
    text = "\n\n".join(" ".join(line.split("| ", 1)[1] for line in part) for part in paragraphs)
    return Sample(
        fields["headline"],
        fields["work"],
        fields["author"],
        tuple(fields["spoilers"].split(", ")),
        text,
        tuple((letter, line) for letter, line in labelled),
    )
