"""The start page, the standards, what concerns every page, the health, and the errors."""

from django.contrib import messages
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache

from kualik.config import standard_pages
from kualik.config.accessibility import last_audit, statement
from kualik.config.forms import LookForm
from kualik.config.jobs import worker_state
from kualik.config.probing import note_database_fault, note_silence
from kualik.core import clock
from kualik.core.access import came_for, public
from kualik.core.looks import USUAL, chosen_look, keep_look
from kualik.core.methods import post_only
from kualik.core.staying import ends_at, stay
from kualik.core.templatetags.kualik import minute
from kualik.providers.queries import week_of
from kualik.rules import deadline, standards
from kualik.rules.workdays import WeeklyHours, WorkCalendar


@public
def home(request: HttpRequest) -> HttpResponse:
    """What the service is, when a request made now would be answered, and the ways in."""
    now = clock.now()
    standard = standards.in_force(clock.local_day(now))
    calendar = WorkCalendar(WeeklyHours.of(standard.weekly_hours))
    example = deadline.compute(
        edition=standard.edition, calendar=calendar, filed_at=now, mastered_on=None
    )
    context = {
        "standard": standard,
        "term": standard.term("issue"),
        "example": example,
        "contacts": standard.items_of("contact"),
        "channels": standard.items_of("channel"),
        "given_by": standard.clause(f"{standard.edition}.1"),
    }
    return render(request, "config/home.html", context)


@public
def standards_list(request: HttpRequest) -> HttpResponse:
    """The editions of the standard, in force and past (A57, A303)."""
    found = standard_pages.editions(clock.local_day(clock.now()))
    return render(request, "config/standards.html", {"editions": found})


@public
def standard_page(request: HttpRequest, edition: str) -> HttpResponse:
    """One edition row by row, with the readings beside the rows they concern."""
    if edition not in standards.load_all():
        raise Http404
    standard = standards.get(edition)
    context = {
        "standard": standard,
        "is_in_force": standard.covers(clock.local_day(clock.now())),
        "sections": standard_pages.sections(standard, get_language() or "kk"),
        "leaning": standard_pages.leaning_readings(standard),
        "week": week_of(WeeklyHours.of(standard.weekly_hours)),
    }
    return render(request, "config/standard.html", context)


@public
def standards_diff(request: HttpRequest) -> HttpResponse:
    """What the latest edition changes against the one before it, clause by clause."""
    today = clock.local_day(clock.now())
    (new, _), (old, _) = standard_pages.editions(today)[:2]
    found = standard_pages.comparisons(old, new, get_language() or "kk")
    kinds = [one.difference.kind for one in found]
    context = {
        "old": old,
        "new": new,
        "comparisons": found,
        "counts": {kind: kinds.count(kind) for kind in kinds},
    }
    return render(request, "config/standards_diff.html", context)


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    """What these pages promise to people with disabilities and what was found (A303.10.e)."""
    context = {"statement": statement(), "audit": last_audit()}
    return render(request, "config/accessibility.html", context)


@public
@never_cache
def look(request: HttpRequest) -> HttpResponse:
    """The choice of letters, colours and spacing; leads back to where it was asked for."""
    came = came_for(request)
    is_reset = "usual" in request.POST
    form = LookForm(request.POST or None, initial=chosen_look(request))
    if request.method == "POST" and (is_reset or form.is_valid()):
        response = redirect(came or "look")
        keep_look(response, USUAL if is_reset else form.cleaned_data)
        return response
    return render(request, "config/look.html", {"form": form, "next": came})


@public
@post_only("home")
def stay_longer(request: HttpRequest) -> HttpResponse:
    """The session lasts anew; a script asks without leaving the page, so what is typed stays."""
    is_longer = stay(request=request, now=clock.now())
    if request.headers.get("Accept") == "application/json":
        end = ends_at(request)
        left = int((end - clock.now()).total_seconds()) if end and is_longer else 0
        return JsonResponse({"seconds": left, "until": minute(end) if left else ""})
    if is_longer:
        messages.success(request, gettext("Your session goes on."))
    else:
        messages.error(request, gettext("The session cannot be prolonged any more. Enter anew."))
    return redirect(came_for(request) or "home")


@public
def favicon(_request: HttpRequest) -> HttpResponse:
    """What browsers ask for when they show a file and not a page."""
    return redirect(static("core/mark.svg"), permanent=True)


@public
def health(_request: HttpRequest) -> JsonResponse:
    """Whether the database answers, which one it is, and whether a worker lives.

    A database that is away and a worker that is silent are noticed here, as incidents (A57.10-4).
    """
    now = clock.now()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        note_silence(now=now)
    except Error as fault:
        note_database_fault(fault, now=now)
        return JsonResponse({"status": "ill", "database": "away"}, status=503)
    worker = worker_state(now=now)
    return JsonResponse({"status": "ok", "database": connection.vendor, "worker": worker})


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "core/403.html", status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: it stood open for too long, or the browser keeps no cookies."""
    return render(request, "core/csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "core/404.html", status=404)


def broken(_request: HttpRequest) -> HttpResponse:
    """Without the request: its user, its messages or the database may be what is broken."""
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HttpResponse(render_to_string("core/500.html"), status=500, headers=policy)
