"""A server that answers as the web services of Moodle do, on loopback.

    python tools/moodle.py [--port 0] [--courses FILE] [--hides idnumber,customfields] [--now 0]

The first line printed is the address; the token is the one of the file (``demo``). Errors come with
HTTP 200, a course tells no day of completion, and every learner is a question of its own: see
``completion/classes/external.php`` and ``grade/report/user/classes/external/user.php`` of Moodle.
A field that is empty, or hidden from the owner of the token, is not there at all, but that owner
sees the own ones: ``user_get_user_details`` of ``user/lib.php``. ``--now`` moves the courses so
that the last criterion was met the day before that moment, in seconds since 1970.
"""

import argparse
import html
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from kualik.rules.identifiers import check_digit

LOOPBACK = "127.0.0.1"
PATH = "/webservice/rest/server.php"
COURSES = Path(__file__).with_name("moodle_courses.toml")
LONGEST_REQUEST = 100_000
OWNER = 2
DAY_SECONDS = 86_400
# What a role or a setting may hide of others.
HIDEABLE = ("firstname", "lastname", "email", "phone1", "idnumber", "customfields")
Fields = Mapping[str, str]
MESSAGES = {
    "invalidtoken": "Invalid token - token not found",
    "accessexception": "Access control exception",
    "invalidrecord": "Can't find data record in database table course.",
    "nocriteriaset": "No completion criteria set for this course",
    "usernotenroled": "This user is not enrolled in the course",
    "cannotviewreport": "You can't view this report",
    "sitemaintenance": "The site is undergoing maintenance and is currently not available",
}


class Refusal(Exception):
    """What Moodle calls an exception; the argument is its errorcode."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong on demand: an errorcode for a function (or for all, ""), a page of HTML in
    place of JSON, a status, a line that is closed after each answer."""

    codes: dict[str, str] = field(default_factory=dict)
    is_html: bool = False
    status: int = 200
    hangs_up: bool = False


class MoodleServer(ThreadingHTTPServer):
    """One Moodle with its courses; ``asked`` counts the calls of each function, ``hides`` names
    the fields of others that the owner of the token does not see."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *, port: int = 0, courses: Path = COURSES) -> None:
        super().__init__((LOOPBACK, port), Handler)
        found = tomllib.loads(courses.read_text(encoding="utf-8"))
        self.token: str = found["token"]
        self.name: str = found["name"]
        self.courses: list[dict[str, Any]] = found["courses"]
        self.functions: list[str] = list(FUNCTIONS)
        self.hides: frozenset[str] = frozenset()
        self.fault = Fault()
        self.asked: Counter[str] = Counter()
        self.paths: list[str] = []
        self.address = f"http://{LOOPBACK}:{self.server_port}"

    def course(self, number: str) -> dict[str, Any]:
        """The course of a number."""
        for course in self.courses:
            if str(course["id"]) == number:
                return course
        raise Refusal("invalidrecord")

    def move(self, now: int) -> None:
        """Have the last criterion met the day before ``now``, all others as long before it."""
        people = [person for course in self.courses for person in course["people"]]
        last = max(moment for person in people for moment in person.get("met", []))
        days = (now - last) // DAY_SECONDS - 1
        for person in people:
            person["met"] = [moment + days * DAY_SECONDS for moment in person.get("met", [])]

    def answer(self, fields: Fields) -> object:
        """What a call is answered, or the object of an error."""
        name = fields.get("wsfunction", "")
        self.asked[name] += 1
        try:
            if fields.get("wstoken") != self.token:
                raise Refusal("invalidtoken")
            code = self.fault.codes.get(name) or self.fault.codes.get("")
            if code or name not in self.functions:
                raise Refusal(code or "accessexception")
            return FUNCTIONS[name](self, fields)
        except Refusal as refusal:
            code = str(refusal)
            return {
                "exception": "moodle_exception",
                "errorcode": code,
                "message": MESSAGES.get(code, code),
            }


def site(server: MoodleServer, _fields: Fields) -> object:
    """core_webservice_get_site_info"""
    return {
        "sitename": server.name,
        "username": "kualik",
        "userid": OWNER,
        "siteurl": server.address,
        "release": "4.5.2+ (Build: 20250221)",
        "version": "2024100702.03",
        "functions": [{"name": name, "version": "2024100702"} for name in server.functions],
    }


def courses(server: MoodleServer, fields: Fields) -> object:
    """core_course_get_courses_by_field"""
    rows = [row for row in server.courses if str(row["id"]) == fields.get("value")]
    found = [
        {"id": row["id"], "fullname": row["fullname"], "shortname": row["shortname"]}
        for row in rows
    ]
    return {"courses": found, "warnings": []}


def learners(server: MoodleServer, fields: Fields) -> object:
    """core_enrol_get_enrolled_users: teachers stand among them."""
    people = server.course(fields["courseid"])["people"]
    return [_user(row, () if row["id"] == OWNER else server.hides) for row in people]


def completion(server: MoodleServer, fields: Fields) -> object:
    """core_completion_get_course_completion_status"""
    course = server.course(fields["courseid"])
    person = next((row for row in course["people"] if str(row["id"]) == fields["userid"]), None)
    if person is None or person.get("role", "student") != "student":
        raise Refusal("usernotenroled")
    if not course["criteria"]:
        raise Refusal("nocriteriaset")
    met: list[int] = person.get("met", [])
    rows = [
        {
            "type": 4,
            "title": title,
            "status": "Yes" if place < len(met) else "No",
            "complete": place < len(met),
            "timecompleted": met[place] if place < len(met) else None,
            "details": {"type": title, "criteria": title, "requirement": "", "status": ""},
        }
        for place, title in enumerate(course["criteria"])
    ]
    is_complete = len(met) >= len(course["criteria"])
    status = {"completed": is_complete, "aggregation": 1, "completions": rows}
    return {"completionstatus": status, "warnings": []}


def grades(server: MoodleServer, fields: Fields) -> object:
    """gradereport_user_get_grade_items: of everybody, where ``userid`` is 0."""
    found = []
    for person in server.course(fields["courseid"])["people"]:
        grade = person.get("grade")
        shown = "-" if grade is None else f"{grade:.2f} %"
        total = {
            "itemtype": "course",
            "graderaw": grade,
            "grademin": 0,
            "grademax": 100,
            "percentageformatted": shown,
        }
        quiz = {"itemtype": "mod", "graderaw": 1, "percentageformatted": "1.00 %"}
        found.append({"userid": person["id"], "gradeitems": [quiz, total]})
    return {"usergrades": found, "warnings": []}


FUNCTIONS: Mapping[str, Callable[[MoodleServer, Fields], object]] = {
    "core_webservice_get_site_info": site,
    "core_course_get_courses_by_field": courses,
    "core_enrol_get_enrolled_users": learners,
    "core_completion_get_course_completion_status": completion,
    "gradereport_user_get_grade_items": grades,
}


def _user(row: Mapping[str, Any], hides: Iterable[str]) -> dict[str, object]:
    body = row.get("iin", "")
    number = f"{body}{check_digit(body)}" if body else ""
    profile = {"type": "text", "value": number, "name": "ЖСН", "shortname": "iin"}
    told = {
        "id": row["id"],
        "firstname": row["firstname"],
        "lastname": row["lastname"],
        "fullname": f"{row['firstname']} {row['lastname']}",
        "email": row.get("email", ""),
        "phone1": row.get("phone", ""),
        "idnumber": number,
        "customfields": [profile] if number else [],
        "roles": [{"roleid": 5, "shortname": row.get("role", "student")}],
    }
    return {name: value for name, value in told.items() if value and name not in hides}


def _page(server: MoodleServer) -> str:
    """Who this is, for a person who opens the address."""
    rows = "".join(
        f"<li>№ {row['id']}: {html.escape(html.unescape(row['fullname']))}</li>"
        for row in server.courses
    )
    return (
        f"<!doctype html><html lang='kk'><meta charset='utf-8'><title>{server.name}</title>"
        f"<h1>{server.name}</h1><p>Имитация. Веб-қызмет токені: <code>{server.token}</code></p>"
        f"<p lang='ru'>Имитация. Токен веб-службы: <code>{server.token}</code></p><ul>{rows}</ul>"
    )


class Handler(BaseHTTPRequestHandler):
    """One call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: MoodleServer
    timeout = 30

    def do_GET(self) -> None:
        """The page for people."""
        status = HTTPStatus.OK if self.path == "/" else HTTPStatus.NOT_FOUND
        content = _page(self.server).encode() if status == HTTPStatus.OK else b""
        self._send(status, content, kind="text/html")

    def do_POST(self) -> None:
        """A function of the web services."""
        self.server.paths.append(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != PATH or length > LONGEST_REQUEST:
            self.close_connection = True
            self._send(HTTPStatus.NOT_FOUND, b"")
            return
        fields = dict(parse_qsl(self.rfile.read(length).decode()))
        fault = self.server.fault
        said = json.dumps(self.server.answer(fields), ensure_ascii=False).encode()
        content = b"<div class='notifyproblem'>Notice</div>" if fault.is_html else said
        self._send(fault.status, content)
        self.close_connection = self.close_connection or fault.hangs_up

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _send(self, status: int, content: bytes, *, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A Moodle on loopback, as its web services go.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--courses", type=Path, default=COURSES)
    parser.add_argument("--hides", type=lambda text: text.split(","), default=[])
    parser.add_argument("--now", type=int, default=0)
    asked = parser.parse_args()
    if unknown := set(asked.hides) - set(HIDEABLE):
        parser.error(f"nothing hides {', '.join(sorted(unknown))}")
    server = MoodleServer(port=asked.port, courses=asked.courses)
    server.hides = frozenset(asked.hides)
    if asked.now:
        server.move(asked.now)
    print(server.address, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
