"""Free ports for programs that a test starts.

They lie below those that the system hands to outgoing connections: a port that was free when it
was looked up is not taken by somebody's connection before the program listens there.
"""

import fcntl
import itertools
import os
import socket
import tempfile
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path

FIRST, LAST = 10_000, 32_000
STRIDE = 16
LOCKS = Path(tempfile.gettempdir()) / f"kualik-ports-{os.getuid()}"
# Each process of the tests begins elsewhere and never gives a row twice.
_ROWS = itertools.cycle(range(FIRST, LAST, STRIDE))
for _ in range(os.getpid() * 7 % ((LAST - FIRST) // STRIDE)):
    next(_ROWS)
_ours: list[TextIOWrapper] = []


def free_row(length: int = 1) -> int:
    """The first of so many free ports in a row, at most 16, which no other process of the tests
    is given as long as this one lives."""
    LOCKS.mkdir(mode=0o700, exist_ok=True)
    for first in itertools.islice(_ROWS, (LAST - FIRST) // STRIDE):
        lock = (LOCKS / str(first)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _look(first, length)
        except OSError:
            lock.close()
            continue
        _ours.append(lock)
        return first
    raise AssertionError("every row is taken")


def _look(first: int, length: int) -> None:
    """Raises OSError where one of the ports is taken."""
    with ExitStack() as taken:
        for port in range(first, first + length):
            taken.enter_context(socket.create_server(("127.0.0.1", port)))
