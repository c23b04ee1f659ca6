"""Free ports for programs that a test starts.

They lie below those that the system hands to outgoing connections: a port that was free when it
was looked up is not taken by somebody's connection before the program listens there.
"""

import itertools
import os
import socket
from contextlib import ExitStack

FIRST, LAST = 10_000, 32_000
STRIDE = 64
# Each process of the tests begins elsewhere and never gives a row twice.
_ROWS = itertools.cycle(range(FIRST, LAST, STRIDE))
for _ in range(os.getpid() * 7 % ((LAST - FIRST) // STRIDE)):
    next(_ROWS)


def free_row(length: int = 1) -> int:
    """The first of so many free ports in a row, at most 64."""
    for first in _ROWS:
        with ExitStack() as taken:
            try:
                for port in range(first, first + length):
                    taken.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise AssertionError("the rows never end")
