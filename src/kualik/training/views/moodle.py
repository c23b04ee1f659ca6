"""The provider's Moodle, asked for who completed a course; its answers are lists like any other."""

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kualik.core import clock, errors
from kualik.core.access import has_role, staff
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.training.adapters.moodle import FUNCTIONS
from kualik.training.forms import MoodleCourseForm, MoodleForm
from kualik.training.models import MoodleCourse, MoodleSource
from kualik.training.queries import courses_of, moodle_of, programmes_of
from kualik.training.services.moodle import (
    add_course,
    being_asked,
    forget_source,
    keep_source,
    order_list,
    remove_course,
)
from kualik.training.views.own import OFFICE, actor_of, provider_of

REFRESH_SECONDS: Final = "3"
AT_FIELD: Final = {
    "address_unfit": "url",
    "moodle_other_course": "url",
    "moodle_token_missing": "token",
    "moodle_token_refused": "token",
    "moodle_function_closed": "token",
    "moodle_course_unknown": "course_id",
    "moodle_course_taken": "course_id",
}


@staff(*OFFICE)
@never_cache
def moodle(request: HttpRequest) -> HttpResponse:
    """The courses, what was found when they were asked last, and the lists that wait."""
    found = moodle_of(provider_of(request))
    courses = courses_of(found) if found else []
    asked = being_asked(courses, now=clock.now())
    rows = [_row(course, is_asked=course.pk in asked) for course in courses]
    context = {
        "source": found,
        "rows": rows,
        "may_set": has_role(request.user, frozenset({Role.PROVIDER_ADMIN})),
    }
    response = render(request, "training/moodle.html", context)
    if any(row["is_asked"] for row in rows):
        response.headers["Refresh"] = REFRESH_SECONDS
    return response


@staff(Role.PROVIDER_ADMIN)
@sensitive_post_parameters("token")
def source(request: HttpRequest) -> HttpResponse:
    """Address, token and field of the IIN; Moodle is asked at once whether they fit."""
    provider = provider_of(request)
    found = moodle_of(provider)
    facts = {"url": settings.MOODLE_URL}
    if found:
        facts = {"url": found.url, "iin_field": found.iin_field}
    sent = request.POST if request.method == "POST" else None
    form = MoodleForm(sent, initial=facts, has_token=found is not None)
    if form.is_valid():
        try:
            keep_source(
                provider=provider, facts=form.facts(), actor=actor_of(request), now=clock.now()
            )
        except RuleViolation as violation:
            form.add_error(AT_FIELD.get(violation.code), errors.message(violation))
        else:
            messages.success(request, _("Moodle answers. Add its courses now."))
            return redirect("training:moodle")
    status = 422 if form.is_bound else 200
    context = {"form": form, "source": found, "functions": FUNCTIONS}
    return render(request, "training/moodle_source.html", context, status=status)


@staff(Role.PROVIDER_ADMIN)
@post_only("training:moodle")
def source_forget(request: HttpRequest) -> HttpResponse:
    """Forget the Moodle with its token and courses."""
    forget_source(source=_source(request), actor=actor_of(request), now=clock.now())
    messages.success(request, _("Moodle is forgotten; what was imported stays."))
    return redirect("training:moodle")


@staff(*OFFICE)
def course_new(request: HttpRequest) -> HttpResponse:
    """Say which course teaches which programme."""
    found = _source(request)
    programmes = programmes_of(provider_of(request)).filter(is_active=True)
    sent = request.POST if request.method == "POST" else None
    form = MoodleCourseForm(sent, programmes=programmes)
    if form.is_valid():
        try:
            add_course(source=found, facts=form.facts(), actor=actor_of(request), now=clock.now())
        except RuleViolation as violation:
            form.add_error(AT_FIELD.get(violation.code), errors.message(violation))
        else:
            messages.success(request, _("The course is added. Have it asked when it is over."))
            return redirect("training:moodle")
    status = 422 if form.is_bound else 200
    context = {"form": form, "has_programmes": bool(form.own)}
    return render(request, "training/moodle_course.html", context, status=status)


@staff(*OFFICE)
@post_only("training:moodle")
def course_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one course asked; the page waits for the worker."""
    order_list(course=_course(request, pk), actor=actor_of(request), now=clock.now())
    return redirect("training:moodle")


@staff(*OFFICE)
@post_only("training:moodle")
def course_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a course no more."""
    remove_course(course=_course(request, pk), actor=actor_of(request), now=clock.now())
    messages.success(request, _("The course is asked for no more."))
    return redirect("training:moodle")


def _row(course: MoodleCourse, *, is_asked: bool) -> dict[str, object]:
    violation = RuleViolation(course.fault, **course.fault_params) if course.fault else None
    return {
        "course": course,
        "fault": errors.message(violation) if violation else "",
        "is_asked": is_asked,
        "waiting": [draft.pk for draft in course.lists.all()],
    }


def _source(request: HttpRequest) -> MoodleSource:
    found = moodle_of(provider_of(request))
    if found is None:
        raise Http404
    return found


def _course(request: HttpRequest, pk: int) -> MoodleCourse:
    found = _source(request).courses.select_related("source__provider").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
