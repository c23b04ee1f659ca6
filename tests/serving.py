"""Servers that run beside a test in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tools.authority_server import AuthorityServer


@contextmanager
def served(server: AuthorityServer) -> Iterator[AuthorityServer]:
    """The server at work until the block ends."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
