"""A small server on loopback that speaks the answers of the SMS services, and fails on demand."""

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KAZINFOTEH_TAKEN = (
    "<?xml version='1.0'?><response><action>sendmessage</action><data><acceptreport>"
    "<statuscode>0</statuscode><statusmessage>Message accepted for delivery</statusmessage>"
    "<messageid>6e98c8ce</messageid><recipient>{recipient}</recipient>"
    "</acceptreport></data></response>"
)


@dataclass(slots=True)
class Asked:
    """One request as it came."""

    path: str
    query: dict[str, str]
    body: str
    headers: dict[str, str]

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body))

    @property
    def json(self) -> dict[str, str]:
        return json.loads(self.body)


@dataclass(slots=True)
class Script:
    """What is answered: status and body; ``breaks`` hangs up after reading, without a word,
    ``drips`` never comes to the end of the headers."""

    status: int = 200
    body: str = ""
    breaks: bool = False
    drips: bool = False
    asked: list[Asked] = field(default_factory=list)


class Service(ThreadingHTTPServer):
    """The server; ``bodies`` answer by the last word of the path, else ``script.body``."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.script = Script()
        self.bodies: dict[str, str] = {}
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        script, parts = self.server.script, urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        asked = Asked(
            parts.path,
            dict(parse_qsl(parts.query)),
            self.rfile.read(size).decode(),
            dict(self.headers.items()),
        )
        script.asked.append(asked)
        if script.breaks:
            self.close_connection = True
            return
        if script.drips:
            self._drip()
            return
        content = self.server.bodies.get(parts.path.rpartition("/")[2], script.body).encode()
        self.send_response(script.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        """A header of one letter after another, until the other side has enough."""
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                self.wfile.write(b"a")
                threading.Event().wait(0.05)

    def log_message(self, *_args: object) -> None:
        """Nothing."""
