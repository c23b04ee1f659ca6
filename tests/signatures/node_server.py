"""A server on loopback that speaks NCANode's answers, right ones and each of the wrong ones."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kualik.signatures.adapters.cms import read_cms

Answer = dict[str, object]
Change = Callable[[Answer], object]


@dataclass
class Node:
    """What the server was asked, and how its answers are changed."""

    address: str = ""
    change: Change | None = None
    content: bytes | None = None
    code: int = 200
    raw: bytes | None = None
    location: str = ""
    asked: list[tuple[str, Answer]] = field(default_factory=list)

    def answer(self, path: str, asked: Answer) -> Answer:
        self.asked.append((path, asked))
        signed = read_cms(base64.b64decode(str(asked["cms"])))
        if path == "/cms/extract":
            if signed.content is None:
                return {"status": 400, "message": "CMS doesn't have signed content"}
            content = signed.content if self.content is None else self.content
            return {"status": 200, "message": "OK", "data": base64.b64encode(content).decode()}
        certificates = [signed.certificate_of(signer) for signer in signed.signers]
        found: Answer = {
            "status": 200,
            "message": "OK",
            "valid": True,
            "signers": [
                {"certificates": [certificate_info(each.serial_hex, each.not_before,
                                                   each.not_after)]}
                for each in certificates if each
            ],
        }  # fmt: skip
        changed = deepcopy(found)
        if self.change is not None:
            self.change(changed)
        return changed


def certificate_info(serial: str, not_before: datetime, not_after: datetime) -> Answer:
    return {
        "valid": True,
        "revocations": [
            {"revoked": False, "by": "CRL"},
            {"revoked": False, "by": "OCSP", "reason": "OK"},
        ],
        "notBefore": not_before.isoformat(timespec="milliseconds"),
        "notAfter": not_after.isoformat(timespec="milliseconds"),
        "keyUsage": "SIGN",
        "serialNumber": serial,
        "signAlg": "ECGOST3410-2015-512",
        "keyUser": ["INDIVIDUAL"],
        "subject": {"commonName": "ТЕСТОВА АЙГҮЛ", "iin": "840805414770"},
        "issuer": {},
    }


@contextmanager
def node_server() -> Iterator[Node]:
    """A server in a thread; it ends with the block."""
    node = Node()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answered = node.answer(self.path, json.loads(body))
            content = json.dumps(answered).encode() if node.raw is None else node.raw
            status = answered.get("status", 200)
            code = node.code if node.code != 200 or not isinstance(status, int) else status
            self.send_response(code)
            if node.location:
                self.send_header("Location", node.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the tests read what was asked from the node."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    node.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
