"""The kiosk at the door: language, service, ticket; no personal data, no trace of the last one."""

from datetime import timedelta
from uuid import uuid4

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kualik.core import clock
from kualik.core.access import public
from kualik.core.errors import message
from kualik.core.qr import qr_code
from kualik.counter.models import Visit
from kualik.counter.queries.kiosk import choices, expected_now
from kualik.counter.queries.line import position_of
from kualik.counter.queries.offered import line, priorities
from kualik.counter.queries.opening import hall_of, opening
from kualik.counter.services.calling import come_back
from kualik.counter.services.printing import Printed, print_ticket, ticket_address
from kualik.counter.services.ticketing import CHECK_IN_EARLY, check_in, take_ticket
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES

SHOWN = "kualik.counter.kiosk"
# So long a ticket may be looked at on the kiosk; afterwards only the start is there.
SHOWN_FOR = timedelta(seconds=90)
# Seconds after which the page asks whether somebody is still there; 0: never.
IDLE, SOON = 45, 20


@public
@never_cache
@require_safe
def kiosk(request: HttpRequest, office: int) -> HttpResponse:
    """The start: three languages; when the office is closed, what is open and when."""
    place = _office(office)
    found = opening(place, now=clock.now())
    context = {"office": place, "opening": found, "english": "Choose a language", "idle": 0}
    return _shown(request, "counter/kiosk.html", context, "kk")


@public
@never_cache
@require_safe
def kiosk_lines(request: HttpRequest, office: int, language: str) -> HttpResponse:
    """What somebody came for, each with the expected wait; a press gives the ticket."""
    place, now = _office(office), clock.now()
    priority = request.GET.get("first", "")
    priority = priority if priority in priorities() else ""
    context = {
        "office": place,
        "opening": opening(place, now=now),
        "choices": choices(place, now=now, priority=priority),
        "priority": priorities().get(priority),
        "is_expecting": bool(expected_now(place, now=now, early=CHECK_IN_EARLY)),
        "key": uuid4().hex,
    }
    return _shown(request, "counter/kiosk_lines.html", context, language)


@public
@never_cache
@require_safe
def kiosk_first(request: HttpRequest, office: int, language: str) -> HttpResponse:
    """Who is called before others by law; chosen by the visitor, looked at by the clerk."""
    context = {"office": _office(office), "priorities": priorities().values()}
    return _shown(request, "counter/kiosk_first.html", context, language)


@public
@require_POST
def kiosk_take(request: HttpRequest, office: int, language: str) -> HttpResponse:
    """Give a ticket and print it."""
    place, now = _office(office), clock.now()
    try:
        ticket = take_ticket(
            office=place,
            line=request.POST.get("line", ""),
            source=Visit.Source.KIOSK,
            language=_known(language),
            priority=request.POST.get("first", ""),
            key=request.POST.get("key", ""),
            now=now,
        )
    except RuleViolation as violation:
        return _told(request, place, violation, language)
    visit = ticket.visit
    printed = print_ticket(visit=visit, now=now) if ticket.is_new else Printed(by_browser=False)
    return _to_ticket(visit, printed, language)


@public
@never_cache
def kiosk_here(request: HttpRequest, office: int, language: str) -> HttpResponse:
    """Somebody who booked, or who was missed when called, says that they are there."""
    place, now = _office(office), clock.now()
    expected = expected_now(place, now=now, early=CHECK_IN_EARLY)
    if request.method != "POST":
        context = {"office": place, "expected": expected}
        return _shown(request, "counter/kiosk_here.html", context, language)
    number = request.POST.get("number", "")
    visit = next((one for one in expected if one.number == number), None)
    try:
        if visit is None:
            raise RuleViolation("ticket_not_found")
        is_missed = visit.state == Visit.State.MISSED
        if is_missed:
            come_back(visit=visit, user=None, now=now)
        else:
            check_in(visit=visit, now=now)
    except RuleViolation as violation:
        return _told(request, place, violation, language)
    return _to_ticket(visit, Printed(by_browser=False), language)


@public
@never_cache
@require_safe
def kiosk_ticket(request: HttpRequest, office: int, language: str, shown: str) -> HttpResponse:
    """The number, large, with what to do now; after a minute and a half only the start is left."""
    place, now = _office(office), clock.now()
    try:
        said = signing.loads(shown, salt=SHOWN)
    except signing.BadSignature as error:
        raise Http404 from error
    visit = get_object_or_404(Visit.objects.select_related("office"), pk=said["v"], office=place)
    if visit.ticket_at is None or now - visit.ticket_at > SHOWN_FOR:
        return redirect("counter:kiosk", office)
    context = {
        "office": place,
        "visit": visit,
        "ticket": visit.number,
        "idle": SOON,
        "line": line(visit.line),
        "outlook": position_of(visit, now=now),
        "qr": qr_code(ticket_address(visit)),
        "prints": said["b"],
        "fault": message(RuleViolation(said["f"]), _known(language)) if said["f"] else "",
    }
    return _shown(request, "counter/kiosk_ticket.html", context, language)


def _office(pk: int) -> Office:
    place = get_object_or_404(Office.objects.select_related("provider"), pk=pk)
    hall_of(place)
    return place


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise Http404
    return language


def _shown(
    request: HttpRequest, template: str, context: dict[str, object], language: str
) -> HttpResponse:
    with translation.override(_known(language)):
        return render(request, template, {"idle": IDLE, **context, "language": language})


def _told(
    request: HttpRequest, place: Office, violation: RuleViolation, language: str
) -> HttpResponse:
    """A page that says why there is no ticket, and leads back to the start."""
    told = message(violation, _known(language))
    context: dict[str, object] = {"office": place, "told": told, "idle": SOON}
    return _shown(request, "counter/kiosk_told.html", context, language)


def _to_ticket(visit: Visit, printed: Printed, language: str) -> HttpResponse:
    said = {"v": visit.pk, "f": printed.fault, "b": printed.by_browser}
    shown = signing.dumps(said, salt=SHOWN)
    return redirect("counter:kiosk_ticket", visit.office_id, language, shown)
