"""Notices that this machine's time-zone data have changed, and tells whose times it touches.

No promise moves by itself. The data are read whole and summed up, whoever delivers them: the
system, or the `tzdata` package. Only when the sum has changed are the waiting posts looked at.
"""

import hashlib
import logging
import socket
import zoneinfo
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

from handbill.domain import promises as rules
from handbill.domain import zones
from handbill.services.desk import Desk
from handbill.store import promises, standing, workers
from handbill.store.promises import Promise

log = logging.getLogger("handbill")

#: How often a daemon looks.
EVERY = timedelta(days=1)


def notice(desk: Desk) -> list[int]:
    """If the data have changed since they were last looked at, tell of every post whose time on the
    wall means another instant now; answers the numbers of those that were not told of before.

    Several machines share what was looked at last. While their data differ each looks anew, and
    says that they differ.
    """
    zones.names.cache_clear()
    data, now = sum_up(), desk.clock()
    before, _moment, where = _last_look(desk)
    if before == data:
        _remember(desk, data, now)
        return []
    if where != socket.gethostname() and _works(desk, where, now):
        log.warning(
            "The time-zone data of this machine are not those of %s. Bring both to the same: "
            "update the system, or the package `tzdata`.",
            where,
            extra={"action": "zone_data", "host": where},
        )
    zoneinfo.ZoneInfo.clear_cache()  # a daemon may be older than the data
    chunks = promises.waiting(desk.engine, now)
    touched = [number for chunk in chunks for number in _tell(desk, chunk)]
    _remember(desk, data, now)  # last: after a crash all is looked at again
    if touched:
        log.warning(
            "The rules for some clocks have changed; %s waiting posts need your eyes, #%s first. "
            "See: handbill status",
            len(touched),
            touched[0],
            extra={"action": "zone_data", "posts": len(touched)},
        )
    return touched


def _works(desk: Desk, host: str, now: datetime) -> bool:
    """Whether a worker there has lately given a sign of life; names of containers come and go."""
    since = now - EVERY
    return any(one.host == host and one.seen_at >= since for one in workers.listing(desk.engine))


def notice_daily(desk: Desk) -> list[int]:
    """The same, but no more than once a day; for `tick`, which comes every minute."""
    looked_at, now = _last_look(desk)[1], desk.clock()
    return notice(desk) if looked_at is None or abs(now - looked_at) >= EVERY else []


def _last_look(desk: Desk) -> tuple[str, datetime | None, str]:
    """What the data were summed up to, when, and on which machine."""
    known = standing.get(desk.engine, standing.ZONE_DATA)
    data, moment, where = [*(known.value.split(" ") if known else []), "", "", ""][:3]
    return data, datetime.fromisoformat(moment) if moment else None, where


def _remember(desk: Desk, data: str, now: datetime) -> None:
    value = f"{data} {now.isoformat()} {socket.gethostname()}"
    standing.put(desk.engine, standing.ZONE_DATA, value, now)


def _tell(desk: Desk, chunk: list[Promise]) -> list[int]:
    found = [(promise, _broken(promise)) for promise in chunk]
    told = [(promise, says) for promise, says in found if says is not None]
    return promises.tell(desk.engine, told) if told else []


def _broken(promise: Promise) -> str | None:
    if promise.zone not in zones.names():
        return None  # a name that has gone takes no instant with it
    return rules.broken(promise.due_at, promise.wall, zones.zone(promise.zone))


def sum_up() -> str:
    """A sum over the data of every zone: the same as long as no rule has changed."""
    whole = hashlib.sha256()
    for name in sorted(zones.names()):
        whole.update(name.encode() + b"\0" + _data(name))
    return whole.hexdigest()[:32]


def _data(name: str) -> bytes:
    """What `zoneinfo` would read for a zone: the system's file, or else the package's."""
    for folder in zoneinfo.TZPATH:
        file = Path(folder, name)
        if file.is_file():
            return file.read_bytes()
    packed = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    return packed.read_bytes() if packed.is_file() else b""
