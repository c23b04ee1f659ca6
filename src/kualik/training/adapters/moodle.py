"""Moodle's web services, as far as they tell who completed a course.

Every function is one ``POST /webservice/rest/server.php``. An error comes with HTTP 200 and an
object of ``exception``, ``errorcode`` and ``message``. The token stands in the body, never in the
address.
"""

import html
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings

from kualik.notifications.adapters.outbound import CallFailed, Line, Reply, Target, read_target
from kualik.rules.errors import RuleViolation

PATH: Final = "/webservice/rest/server.php"
SECONDS: Final = 15.0
LARGEST_ANSWER: Final = 24 * 1024 * 1024
ID_NUMBER: Final = "idnumber"
OK: Final = 200
NOT_TOLD: Final = "the answer is not what the function tells"
LEARNERS: Final = "core_enrol_get_enrolled_users"
COMPLETION: Final = "core_completion_get_course_completion_status"
GRADES: Final = "gradereport_user_get_grade_items"
COURSES: Final = "core_course_get_courses_by_field"
SITE: Final = "core_webservice_get_site_info"
# Without grades only the result of a learner is missing.
NEEDED: Final = (LEARNERS, COMPLETION, COURSES)
FUNCTIONS: Final = (SITE, *NEEDED, GRADES)
# What Moodle calls an error, and what we tell the office.
CODES: Final[Mapping[str, str]] = {
    "invalidtoken": "moodle_token_refused",
    "accessexception": "moodle_function_closed",
    "servicenotavailable": "moodle_function_closed",
    "invalidrecord": "moodle_course_unknown",
    "invalidcourseid": "moodle_course_unknown",
    "errorcoursecontextnotvalid": "moodle_course_closed",
    "requireloginerror": "moodle_course_closed",
    "nopermissions": "moodle_course_closed",
    "cannotviewreport": "moodle_course_closed",
    "nocriteriaset": "moodle_no_criteria",
    "completionnotenabled": "moodle_no_criteria",
    "sitemaintenance": "moodle_away",
}
# A number of a row, or seconds since 1970 within the years that a calendar has.
NUMBER: Final = re.compile(r"[0-9]{1,11}")
NOT_A_LEARNER: Final = frozenset({"usernotenroled", "notenroled"})


class MoodleAway(Exception):
    """It does not answer now; the argument says how."""


class MoodleRefused(Exception):
    """It answered by an error of its own, named ``errorcode`` there."""

    def __init__(self, errorcode: str, function: str) -> None:
        super().__init__(f"{function}: {errorcode}")
        self.errorcode = errorcode
        self.function = function

    @property
    def violation(self) -> RuleViolation:
        """What the office is told."""
        code = CODES.get(self.errorcode, "moodle_refused")
        return RuleViolation(code, errorcode=self.errorcode[:60], function=self.function)


@dataclass(frozen=True, slots=True)
class Site:
    """What a Moodle says of itself, which of its functions the token may call, and whose it is.

    The ``owner`` of a token sees the own fields whatever is hidden; 0 where it is not told.
    """

    name: str
    release: str
    functions: frozenset[str]
    owner: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """Somebody enrolled in a course; ``given_name`` as it stands there, patronymic and all."""

    id: int
    iin: str = field(repr=False)
    family_name: str
    given_name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Completion:
    """Whether a learner completed the course; ``at`` is 0 where no criterion has a time."""

    is_complete: bool
    at: int


def moodle_target(url: str) -> Target:
    """The address of a Moodle: TLS only, but for a demonstration. RuleViolation
    ``address_unfit``."""
    return read_target(url, schemes=("https", "http") if settings.DEMO else ("https",))


class Moodle:
    """One Moodle; every method raises MoodleAway and MoodleRefused."""

    def __init__(self, url: str, token: str) -> None:
        target = moodle_target(url)
        self._token = token
        self._path = target.path.partition("?")[0].rstrip("/") + PATH
        self._line = Line(
            target, seconds=SECONDS, may_loop=settings.DEMO, inner_hosts=settings.MOODLE_HOSTS
        )

    def close(self) -> None:
        """Leave."""
        self._line.close()

    def site(self) -> Site:
        """Name, release, functions and owner of the token."""
        said = _mapping(self._call(SITE))
        functions = [_mapping(row).get("name", "") for row in _rows(said.get("functions"))]
        return Site(
            _text(said.get("sitename"))[:200],
            _text(said.get("release"))[:60],
            frozenset(map(str, functions)),
            _number(said.get("userid") or 0),
        )

    def course_name(self, course: int) -> str:
        """The full name of a course; MoodleRefused ``invalidrecord`` when there is none."""
        said = _mapping(self._call(COURSES, field="id", value=str(course)))
        for row in map(_mapping, _rows(said.get("courses"))):
            if row.get("id") == course:
                return _text(row.get("fullname"))[:300]
        raise MoodleRefused("invalidrecord", COURSES)

    def learners(self, course: int, *, iin_field: str) -> list[Learner]:
        """Everybody enrolled, teachers too."""
        rows = _rows(self._call(LEARNERS, courseid=str(course)))
        return [_learner(_mapping(row), iin_field) for row in rows]

    def completion(self, course: int, learner: int) -> Completion | None:
        """Whether somebody completed a course; None for who is enrolled but no learner.

        Moodle tells no day of completion: it is that of the last criterion that was met.
        """
        try:
            said = self._call(COMPLETION, courseid=str(course), userid=str(learner))
        except MoodleRefused as refused:
            if refused.errorcode in NOT_A_LEARNER:
                return None
            raise
        status = _mapping(_mapping(said).get("completionstatus"))
        rows = map(_mapping, _rows(status.get("completions")))
        moments = [_number(row.get("timecompleted") or 0) for row in rows if row.get("complete")]
        return Completion(bool(status.get("completed")), max(moments, default=0))

    def results(self, course: int) -> dict[int, str]:
        """The total of each learner as the gradebook shows it, by learner."""
        said = _mapping(self._call(GRADES, courseid=str(course), userid="0"))
        found = {}
        for grades in map(_mapping, _rows(said.get("usergrades"))):
            for item in map(_mapping, _rows(grades.get("gradeitems"))):
                if item.get("itemtype") == "course" and item.get("graderaw") is not None:
                    shown = item.get("percentageformatted") or item.get("gradeformatted")
                    found[_number(grades.get("userid"))] = _text(shown)[:60]
        return found

    def _call(self, function: str, **params: str) -> object:
        fields = {
            "wstoken": self._token,
            "wsfunction": function,
            "moodlewsrestformat": "json",
            **params,
        }
        content = self._posted(urlencode(fields).encode())
        try:
            said: object = json.loads(content)
        except (ValueError, RecursionError):
            raise MoodleAway("the answer is not JSON") from None
        if isinstance(said, dict) and "exception" in said:
            raise MoodleRefused(str(said.get("errorcode") or said["exception"]), function)
        return said

    def _posted(self, body: bytes) -> bytes:
        was_open = self._line.is_open
        try:
            reply = self._reply(body)
        except CallFailed as failed:
            if not was_open:
                raise MoodleAway(str(failed)) from None
            # The other side may have closed a line that stood idle; a question may be repeated.
            return self._posted(body)
        if reply.status != OK:
            raise MoodleAway(f"status {reply.status}")
        return reply.content

    def _reply(self, body: bytes) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._line.post(body, headers=headers, path=self._path, most=LARGEST_ANSWER)


def missing_functions(functions: Collection[str]) -> list[str]:
    """Those the token may not call and we cannot do without."""
    return [name for name in NEEDED if name not in functions]


def _learner(row: Mapping[str, Any], iin_field: str) -> Learner:
    family, given = _text(row.get("lastname")), _text(row.get("firstname"))
    if not (family or given):
        given, _, family = _text(row.get("fullname")).rpartition(" ")
    return Learner(
        id=_number(row.get("id")),
        iin=_iin(row, iin_field),
        family_name=family,
        given_name=given,
        email=_text(row.get("email")),
        phone=_text(row.get("phone1") or row.get("phone2")),
    )


def _iin(row: Mapping[str, Any], iin_field: str) -> str:
    if iin_field == ID_NUMBER:
        return _text(row.get(ID_NUMBER))
    for one in map(_mapping, _rows(row.get("customfields"))):
        if one.get("shortname") == iin_field:
            return _text(one.get("value"))
    return ""


def _text(value: object) -> str:
    """A text without the entities that Moodle writes into names, nor signs that no table keeps."""
    words = html.unescape(str(value or "")).split()
    return "".join(sign for sign in " ".join(words) if sign.isprintable())


def _number(value: object) -> int:
    if not NUMBER.fullmatch(str(value)):
        raise MoodleAway(NOT_TOLD)
    return int(str(value))


def _rows(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MoodleAway(NOT_TOLD)
    return value
