"""The kiosk at the door: language, service, ticket; no personal data, no trace of the last one."""

from datetime import datetime, timedelta
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
from kualik.core.throttle import check_limit, count_miss
from kualik.counter.models import Visit
from kualik.counter.queries.kiosk import choices, expected_now
from kualik.counter.queries.line import position_of
from kualik.counter.queries.offered import line, priorities
from kualik.counter.queries.opening import opening
from kualik.counter.services.calling import come_back
from kualik.counter.services.presence import KIOSK, KIOSK_NUMBERS
from kualik.counter.services.printing import Printed, print_ticket, ticket_address
from kualik.counter.services.ticketing import CHECK_IN_EARLY, Ticket, check_in, take_ticket
from kualik.counter.views.board import door_address
from kualik.counter.views.pairing import at_kiosk
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES

SHOWN = "kualik.counter.kiosk"
# So long a ticket may be looked at on the kiosk; afterwards only the start is there.
SHOWN_FOR = timedelta(seconds=90)
# Seconds after which the page asks whether somebody is still there; 0: never.
IDLE, SOON = 45, 20
# Letters that look the same on the keys of another language.
LATIN = str.maketrans("АВС", "ABC")


@public
@never_cache
@require_safe
@at_kiosk
def kiosk(request: HttpRequest, place: Office) -> HttpResponse:
    """The start: three languages; when the office is closed, what is open and when."""
    now = clock.now()
    address, code = door_address(place, now=now)
    context = {
        "office": place,
        "opening": opening(place, now=now),
        "english": "Choose a language",
        "idle": 0,
        "qr": qr_code(address),
        "code": code,
    }
    return _shown(request, "counter/kiosk.html", context, "kk")


@public
@never_cache
@require_safe
@at_kiosk
def kiosk_lines(request: HttpRequest, place: Office, language: str) -> HttpResponse:
    """What somebody came for, each with the expected wait; a press gives the ticket."""
    now, priority = clock.now(), request.GET.get("first", "")
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
@at_kiosk
def kiosk_first(request: HttpRequest, place: Office, language: str) -> HttpResponse:
    """Who is called before others by law; chosen by the visitor, looked at by the clerk."""
    context = {"office": place, "priorities": priorities().values()}
    return _shown(request, "counter/kiosk_first.html", context, language)


@public
@require_POST
@at_kiosk
def kiosk_take(request: HttpRequest, place: Office, language: str) -> HttpResponse:
    """Give a ticket and print it."""
    now = clock.now()
    try:
        ticket = _ticket(request, place, _known(language), now)
    except RuleViolation as violation:
        return _told(request, place, violation, language)
    visit, printed = ticket.visit, Printed(by_browser=False)
    if ticket.is_new:
        printed = print_ticket(visit=visit, now=now)
    is_fresh = visit.ticket_at is not None and now - visit.ticket_at <= SHOWN_FOR
    return _to_ticket(visit, printed, language, now, is_own=is_fresh)


@public
@never_cache
@at_kiosk
def kiosk_here(request: HttpRequest, place: Office, language: str) -> HttpResponse:
    """Somebody who booked, or who was missed when called, says that they are there by the number.

    Whose number it is nobody knows, so the ticket that follows does not lead to its page.
    """
    now = clock.now()
    if request.method != "POST":
        context: dict[str, object] = {"office": place, "keys": "ABCDP1234567890"}
        return _shown(request, "counter/kiosk_here.html", context, language)
    try:
        visit = _came(place, request.POST.get("number", ""), now)
    except RuleViolation as violation:
        return _told(request, place, violation, language)
    return _to_ticket(visit, Printed(by_browser=False), language, now, is_own=False)


@public
@never_cache
@require_safe
@at_kiosk
def kiosk_ticket(request: HttpRequest, place: Office, language: str, shown: str) -> HttpResponse:
    """The number, large, with what to do now; after a minute and a half only the start is left."""
    now = clock.now()
    try:
        said = signing.loads(shown, salt=SHOWN)
    except signing.BadSignature as error:
        raise Http404 from error
    visit = get_object_or_404(Visit.objects.select_related("office"), pk=said["v"], office=place)
    if now - datetime.fromisoformat(said["t"]) > SHOWN_FOR:
        return redirect("counter:kiosk", place.pk)
    context = {
        "office": place,
        "visit": visit,
        "ticket": visit.number,
        "idle": SOON,
        "line": line(visit.line),
        "outlook": position_of(visit, now=now),
        "qr": qr_code(ticket_address(visit)) if said["o"] else None,
        "prints": said["b"],
        "fault": message(RuleViolation(said["f"]), _known(language)) if said["f"] else "",
    }
    return _shown(request, "counter/kiosk_ticket.html", context, language)


def _ticket(request: HttpRequest, place: Office, language: str, now: datetime) -> Ticket:
    check_limit(KIOSK, str(place.pk), now=now)
    ticket = take_ticket(
        office=place,
        line=request.POST.get("line", ""),
        source=Visit.Source.KIOSK,
        language=language,
        priority=request.POST.get("first", ""),
        key=request.POST.get("key", ""),
        now=now,
    )
    if ticket.is_new:
        count_miss(KIOSK, str(place.pk), now=now)
    return ticket


def _came(place: Office, typed: str, now: datetime) -> Visit:
    """Put who is expected under a number back into the line. Raises ``ticket_not_found``."""
    check_limit(KIOSK_NUMBERS, str(place.pk), now=now)
    number = "".join(typed.split()).upper().translate(LATIN)
    expected = expected_now(place, now=now, early=CHECK_IN_EARLY)
    visit = next((one for one in expected if one.number == number), None)
    if visit is None:
        count_miss(KIOSK_NUMBERS, str(place.pk), now=now)
        raise RuleViolation("ticket_not_found")
    if visit.state == Visit.State.MISSED:
        return come_back(visit=visit, user=None, now=now)
    return check_in(visit=visit, now=now)


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


def _to_ticket(
    visit: Visit, printed: Printed, language: str, now: datetime, *, is_own: bool
) -> HttpResponse:
    """``is_own``: it was given at this kiosk at this moment, so its page may be shown to whoever
    stands there."""
    said = {
        "v": visit.pk,
        "f": printed.fault,
        "b": printed.by_browser,
        "o": is_own,
        "t": now.isoformat(),
    }
    shown = signing.dumps(said, salt=SHOWN)
    return redirect("counter:kiosk_ticket", visit.office_id, language, shown)
