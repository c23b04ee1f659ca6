"""A Moodle that answers what no Moodle would: it is away, and nothing of ours falls over."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kualik.training.adapters.moodle import Moodle, MoodleAway
from tests.serving import served


class Odd(ThreadingHTTPServer):
    """Answers every question with ``said``."""

    daemon_threads = True
    said = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Odd

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def odd(settings) -> Iterator[Odd]:
    settings.DEMO = True
    with served(Odd()) as running:
        yield running


@pytest.fixture
def moodle(odd: Odd) -> Iterator[Moodle]:
    asked = Moodle(f"http://127.0.0.1:{odd.server_port}", "demo")
    yield asked
    asked.close()


def completed_at(moment: object) -> bytes:
    criterion = {"complete": True, "timecompleted": moment}
    return json.dumps(
        {"completionstatus": {"completed": True, "completions": [criterion]}}
    ).encode()


@pytest.mark.parametrize(
    "said",
    [
        b"[" * 200_000,
        completed_at(10**15),
        completed_at("9" * 5000),
        completed_at("²"),
        completed_at(-5),
        completed_at(1.5),
    ],
    ids=["deep", "far year", "long number", "no digit", "negative", "fraction"],
)
def test_what_is_no_answer_is_an_absence(odd: Odd, moodle: Moodle, said: bytes) -> None:
    odd.said = said
    with pytest.raises(MoodleAway):
        moodle.completion(12, 7)


def test_a_name_keeps_only_what_can_be_written(odd: Odd, moodle: Moodle) -> None:
    odd.said = (
        b'[{"id": 1, "lastname": "\\u0000\xd0\x9b\xd0\xb8\\ud800", "idnumber": "1\\u202e2",'
        b' "firstname": "A&amp;B\\t\\u00a0C"}]'
    )
    (learner,) = moodle.learners(12, iin_field="idnumber")
    assert (learner.family_name, learner.given_name, learner.iin) == ("Ли", "A&B C", "12")
