"""The states of a post and the verbs that lead from one to the next. No other path exists."""

from enum import StrEnum


class Status(StrEnum):
    """Where a post is in its life."""

    DRAFT = "draft"
    QUEUED = "queued"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Verb(StrEnum):
    """What moves a post from one status to another."""

    QUEUE = "queue"
    UNQUEUE = "unqueue"
    CLAIM = "claim"
    DEFER = "defer"
    DOUBT = "doubt"
    CONFIRM = "confirm"
    FAIL = "fail"
    MISS = "miss"
    CANCEL = "cancel"


class IllegalStep(Exception):
    """A verb that the post's status does not allow."""

    def __init__(self, status: Status, verb: Verb) -> None:
        super().__init__(f"cannot {verb} a post that is {status}")
        self.status = status
        self.verb = verb


_S, _V = Status, Verb

TRANSITIONS: dict[tuple[Status, Verb], Status] = {
    (_S.DRAFT, _V.QUEUE): _S.QUEUED,
    (_S.DRAFT, _V.CANCEL): _S.CANCELLED,
    (_S.QUEUED, _V.UNQUEUE): _S.DRAFT,
    (_S.QUEUED, _V.CLAIM): _S.PUBLISHING,
    (_S.QUEUED, _V.MISS): _S.MISSED,
    (_S.QUEUED, _V.CANCEL): _S.CANCELLED,
    (_S.PUBLISHING, _V.DEFER): _S.QUEUED,
    (_S.PUBLISHING, _V.DOUBT): _S.IN_DOUBT,
    (_S.PUBLISHING, _V.CONFIRM): _S.PUBLISHED,
    (_S.PUBLISHING, _V.FAIL): _S.FAILED,
    (_S.IN_DOUBT, _V.CONFIRM): _S.PUBLISHED,
    (_S.IN_DOUBT, _V.DEFER): _S.QUEUED,
    (_S.IN_DOUBT, _V.FAIL): _S.FAILED,
    (_S.MISSED, _V.QUEUE): _S.QUEUED,
    (_S.MISSED, _V.CANCEL): _S.CANCELLED,
    (_S.FAILED, _V.QUEUE): _S.QUEUED,
    (_S.FAILED, _V.CANCEL): _S.CANCELLED,
    # A receipt is proof. However late it comes, the post was published, whatever became of the row.
    (_S.DRAFT, _V.CONFIRM): _S.PUBLISHED,
    (_S.QUEUED, _V.CONFIRM): _S.PUBLISHED,
    (_S.MISSED, _V.CONFIRM): _S.PUBLISHED,
    (_S.FAILED, _V.CONFIRM): _S.PUBLISHED,
    (_S.CANCELLED, _V.CONFIRM): _S.PUBLISHED,
}

#: What people see. `in_doubt` is explained wherever it is shown.
LABELS: dict[Status, str] = {
    **{status: status.value.capitalize() for status in Status},
    Status.IN_DOUBT: "Held: in doubt",
}

#: States that wait for a person; a post in one of them always carries its reason.
NEEDS_EYES = frozenset({Status.IN_DOUBT, Status.FAILED, Status.MISSED})

#: States whose text and pictures may still be changed.
EDITABLE = frozenset({Status.DRAFT, Status.QUEUED, Status.FAILED, Status.MISSED})


def step(status: Status, verb: Verb) -> Status:
    """The status that `verb` leads to. Raises IllegalStep where the table has no such cell."""
    try:
        return TRANSITIONS[status, verb]
    except KeyError:
        raise IllegalStep(status, verb) from None
