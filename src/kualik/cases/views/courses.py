"""What the pages of one request show of its course."""

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from kualik.cases.models import Request
from kualik.cases.services.following import Course
from kualik.cases.views.rows import office_time


def course_context(course: Course) -> dict[str, object]:
    """The course with the usual time in words; empty words where none is known."""
    usual = ""
    if course.usual is not None:
        usual = office_time(course.usual) if course.usual.total_seconds() >= 60 else _("a minute")
    return {"course": course, "usual": usual}


def complaint_link(request: Request) -> str:
    """The page of a new complaint about a request."""
    return _link("complaints:new", request=request.number)


def again_link(request: Request) -> str:
    """The form for asking once more, filled in from this request."""
    if request.completion_id is not None:
        return _link("cases:receive", request.completion_id)
    return _link("cases:ask", again=request.number)


def _link(name: str, *parts: object, **query: str) -> str:
    """An address, empty where this installation has no such page."""
    try:
        address = reverse(name, args=parts)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address
