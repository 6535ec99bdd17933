"""Commands that obey the modes of files, also where the tests run as root, who obeys none."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CAPABILITIES = "-dac_override,-dac_read_search"


def obeying(*command: str) -> list[str]:
    """The command, as a process that may write only what the modes of files allow."""
    if os.geteuid() != 0:
        return [*command]
    if (setpriv := shutil.which("setpriv")) is None:
        pytest.skip("root obeys no modes, and there is no setpriv to make it")
    return [setpriv, f"--bounding-set={_CAPABILITIES}", f"--inh-caps={_CAPABILITIES}", *command]


@contextmanager
def read_only(*paths: Path) -> Generator[None]:
    """Take the right to write away from files and folders, for a while."""
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
