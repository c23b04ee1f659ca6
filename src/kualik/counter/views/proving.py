"""What proves that somebody has the document: a signed slip, or a code said at the window."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from kualik.accounts.forms import SentCodeForm
from kualik.accounts.models import OneTimeCode
from kualik.accounts.queries import person_of
from kualik.accounts.services import check_code, session_secret, standing_code
from kualik.cases.models import Request
from kualik.cases.services.entering import LAST, MINUTES, Asking, ask_to_hand_over
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.core.uploads import takes_scans
from kualik.counter.forms.handing import ScanForm
from kualik.counter.models import HandOver
from kualik.counter.queries.handing import Receiver, hand_over_of, receiver_of
from kualik.counter.services.handing import check_on_paper, hand_over, keep_slip, make_slip
from kualik.counter.views.handing import PAGE, outcome_of, own_case
from kualik.counter.views.scans import read_upload, sent_scan
from kualik.counter.views.work import COUNTER, NOT_VALID
from kualik.rules.errors import RuleViolation

PURPOSE = OneTimeCode.Purpose.HAND_OVER
KEPT = "hand_over_codes"


@staff(*COUNTER)
@require_safe
def hand_over_slip(request: HttpRequest, number: str) -> HttpResponse:
    """The slip to sign, as a page to print."""
    user, found = person_of(request), own_case(request, number)
    receiver = _receiver(request, found)
    content = make_slip(request=found, receiver=receiver, user=user, now=clock.now())
    headers = {"Content-Disposition": f'inline; filename="slip-{found.number}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@staff(*COUNTER)
@post_only(PAGE, "number")
def hand_over_sign(request: HttpRequest, number: str) -> HttpResponse:
    """The receiver signed the printed slip and has the document."""
    found = own_case(request, number)
    if hand_over_of(found) is not None:
        return redirect(PAGE, found.number)
    return outcome_of(request, found, lambda: _hand_over(request, found, HandOver.Way.SLIP))


@staff(*COUNTER)
@post_only(PAGE, "number")
def hand_over_code(request: HttpRequest, number: str) -> HttpResponse:
    """Send a code to the number confirmed for the receiver; the next page takes it."""
    found = own_case(request, number)
    try:
        check_on_paper(found, person_of(request))
        receiver = _receiver(request, found)
        asking = _asking(request, receiver)
        token = ask_to_hand_over(person=receiver.person, number=found.number, asking=asking)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect(PAGE, found.number)
    request.session[KEPT] = request.session.get(KEPT, {}) | {found.number: token}
    messages.success(request, gettext("A code is on its way."))
    return redirect("counter:hand_over_check", found.number)


@staff(*COUNTER)
@sensitive_post_parameters("code")
def hand_over_check(request: HttpRequest, number: str) -> HttpResponse:
    """Take the code that the receiver reads from the phone."""
    found = own_case(request, number)
    row = _waiting(request, found)
    if row is None or row.person is None:
        return redirect(PAGE, found.number)
    form = SentCodeForm(request.POST if request.method == "POST" else None)
    form.fields["code"].widget.attrs["autofocus"] = True
    if form.is_valid() and _confirmed(request, found, row, form):
        return redirect(PAGE, found.number)
    context = {
        "case": found,
        "person": row.person,
        "form": form,
        "last": row.phone[-LAST:],
        "until": row.expires_at,
        "minutes": MINUTES,
        "again": reverse("counter:hand_over_code", args=[found.number]),
        "back": reverse(PAGE, args=[found.number]),
    }
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/hand_over_check.html", context, status=status)


@staff(*COUNTER)
@takes_scans
@post_only(PAGE, "number")
def hand_over_scan(request: HttpRequest, number: str) -> HttpResponse:
    """Keep the scan of the signed slip."""
    user, found = person_of(request), own_case(request, number)
    done, form = hand_over_of(found), ScanForm(request.POST, request.FILES)
    scan = read_upload(request, form)
    if done is None:
        raise Http404
    if scan is None:
        messages.error(request, str(form.errors.get("scan", [""])[0]))
        return redirect(PAGE, found.number)
    role, now = role_of(user, COUNTER), clock.now()
    keep_slip(hand_over=done, content=scan.content, user=user, role=role, now=now)
    messages.success(request, gettext("The scan is kept."))
    return redirect(PAGE, found.number)


@staff(*COUNTER)
@require_safe
def hand_over_scanned(request: HttpRequest, number: str) -> HttpResponse:
    """The scan of the signed slip, to be saved."""
    found = own_case(request, number)
    done = hand_over_of(found)
    if done is None or not done.scan:
        raise Http404
    return sent_scan(done.scan, f"slip-{found.number}")


def _hand_over(
    request: HttpRequest, found: Request, way: str, code: OneTimeCode | None = None
) -> HandOver:
    user, receiver = person_of(request), _receiver(request, found)
    done = hand_over(
        request=found,
        receiver=receiver,
        way=way,
        code=code,
        user=user,
        role=role_of(user, COUNTER),
        now=clock.now(),
    )
    messages.success(request, gettext("The document is entered as handed over."))
    return done


def _receiver(request: HttpRequest, found: Request) -> Receiver:
    """Who stands at the window. Raises ``receiver_unproven``."""
    receiver = receiver_of(found, person_of(request), now=clock.now())
    if receiver is None:
        raise RuleViolation("receiver_unproven")
    return receiver


def _asking(request: HttpRequest, receiver: Receiver) -> Asking:
    visit = receiver.record.visit
    return Asking(
        session_secret=session_secret(request),
        place=f"user:{person_of(request).pk}",
        language=receiver.person.language or (visit.language if visit else "kk"),
        now=clock.now(),
        by_staff=True,
    )


def _waiting(request: HttpRequest, found: Request) -> OneTimeCode | None:
    """The code that was sent for this very request from this browser."""
    token = request.session.get(KEPT, {}).get(found.number, "")
    if not token:
        return None
    secret = session_secret(request)
    try:
        row = standing_code(token=token, session_secret=secret, purpose=PURPOSE)
    except RuleViolation:
        return None
    return row if row.about == found.number else None


def _confirmed(request: HttpRequest, found: Request, row: OneTimeCode, form: SentCodeForm) -> bool:
    secret, code = session_secret(request), form.cleaned_data["code"]
    token, now = row.token, clock.now()
    try:
        check_on_paper(found, person_of(request))
        good = check_code(token=token, code=code, session_secret=secret, purpose=PURPOSE, now=now)
        _hand_over(request, found, HandOver.Way.CODE, good)
    except RuleViolation as violation:
        form.add_error("code", errors.message(violation))
        return False
    kept = request.session.get(KEPT, {})
    request.session[KEPT] = {one: other for one, other in kept.items() if one != found.number}
    return True
