"""Named places where a test may end, stop or break the process. Elsewhere they do nothing.

Switched on by the environment: `FAILPOINT="arm.after_commit:kill"`, several with commas.
"""

import os
import signal
import threading

_stopped: set[str] = set()


class Broken(Exception):
    """What the action `raise` raises."""


def failpoint(name: str) -> None:
    """Do what the environment asks for at this place: `kill`, `stop` or `raise`."""
    if not (wanted := os.environ.get("FAILPOINT")):
        return
    action = dict(pair.partition(":")[::2] for pair in wanted.split(",")).get(name)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop" and name not in _stopped:
        _stopped.add(name)  # once thawed it goes on
        # Given to this thread, which stops here; given to the process, another one may take it, and
        # this one runs on until it notices.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    elif action == "raise":
        raise Broken(name)
