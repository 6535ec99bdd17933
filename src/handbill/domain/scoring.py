"""The points that a sentence gets for its words. The table of all points is in `teasing`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from handbill.domain.words import Hit, Sort

_MAX_OPINION, _MAX_PLOT = 4.0, 4.5
_PLOT, _OPENER = 1.5, 1.5


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a candidate has these points, in words."""

    words: str
    points: float


def for_words(hits: Sequence[Hit]) -> Iterator[Reason]:
    """The points for the words of a sentence."""
    if thinks := opinion(hits):
        yield Reason(f"opinion: {said(hits, Sort.OPINION)}", thinks)
    elif not of(hits, Sort.VERDICT):
        yield Reason("states, does not judge", -1)
    for sort, name in ((Sort.CRAFT, "of the craft"), (Sort.VERDICT, "sums up")):
        if words := said(hits, sort):
            yield Reason(f"{name}: {words}", 1)
    if leans := opening(hits, Sort.CONTEXT):
        yield Reason(f"needs what stands before it: {leans}", -0.75)
    if words := said(hits, Sort.ABOUT_ME):
        yield Reason(f"about the critic: {words}", -1)
    if words := said(hits, Sort.PLOT):
        yield Reason(f"tells the plot: {words}", -min(_PLOT * _places(hits, Sort.PLOT), _MAX_PLOT))
    if opens := opening(hits, Sort.OPENERS):
        yield Reason(f"opens as a story does: {opens}", -_OPENER)
    if words := said(hits, Sort.SPOILER):
        yield Reason(f"may give away: {words}", -5)


def of(hits: Iterable[Hit], sort: Sort) -> list[Hit]:
    """The hits of one sort."""
    return [hit for hit in hits if hit.sort is sort]


def said(hits: Iterable[Hit], sort: Sort) -> str:
    """Their words, each once; empty when there are none."""
    return ", ".join(dict.fromkeys(hit.words for hit in of(hits, sort)))


def _places(hits: Iterable[Hit], sort: Sort) -> int:
    return len({hit.at for hit in of(hits, sort)})


def opening(hits: Iterable[Hit], sort: Sort) -> str:
    """The words of this sort with which the sentence begins, if any."""
    return next((hit.words for hit in of(hits, sort) if hit.at == 0), "")


def opinion(hits: Sequence[Hit]) -> float:
    """Each word counts once, as the strongest that it is."""
    best: dict[int, int] = {}
    for hit in of(hits, Sort.OPINION):
        best[hit.at] = max(hit.points, best.get(hit.at, 0))
    return min(float(sum(best.values())), _MAX_OPINION)


def plot_cost(hits: Sequence[Hit]) -> float:
    """What its signs of plot cost a sentence, to weigh against its opinion."""
    return _PLOT * _places(hits, Sort.PLOT) + _OPENER * bool(opening(hits, Sort.OPENERS))
