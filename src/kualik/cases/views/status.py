"""The public status page: number and second factor, no sign-in (A57.10.b)."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kualik.accounts.queries import visiting_person
from kualik.cases.forms import StatusForm
from kualik.cases.models import Request
from kualik.cases.queries import plain_number
from kualik.cases.queries.own import followed_by
from kualik.cases.services.following import follow
from kualik.cases.services.looking import LOOKED_UP, look_up, looked_up
from kualik.cases.views.courses import complaint_link, course_context
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import address_of
from kualik.rules.errors import RuleViolation
from kualik.rules.refusal import appeal

SHOWN_AT = "status_shown_at"
SHOWN_FOR = timedelta(minutes=10)


@public
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; the answer comes to a POST, so that no code sits in an address."""
    now = clock.now()
    if again := _shown_again(request, now):
        return _result(request, again, now)
    known = _number(request.GET.get("number"))
    form = StatusForm(request.POST or None, initial={"number": known})
    if known:
        form.fields["code"].widget.attrs["autofocus"] = True
    if not form.is_valid():
        return render(request, "cases/status.html", {"form": form})
    number, code = form.cleaned_data["number"], form.cleaned_data["code"]
    try:
        found = look_up(number=number, code=code, address=address_of(request), now=now)
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        answer = errors.status(violation)
        return render(request, "cases/status.html", {"form": form}, status=answer)
    request.session[LOOKED_UP] = found.number
    request.session[SHOWN_AT] = now.isoformat()
    return _result(request, found, now)


def _result(request: HttpRequest, found: Request, now: datetime) -> HttpResponse:
    context = {
        **course_context(follow(found, now=now)),
        "appeal": appeal(),
        "complaint": complaint_link(found),
    }
    return render(request, "cases/status_result.html", context)


def _shown_again(request: HttpRequest, now: datetime) -> Request | None:
    """What this browser was shown a moment ago, for a change of language alone; any other opening
    of the page forgets it."""
    shown_at = request.session.get(SHOWN_AT)
    if request.method == "POST" or not shown_at:
        return None
    if set(request.GET) != {"lang"} or now - datetime.fromisoformat(shown_at) > SHOWN_FOR:
        del request.session[SHOWN_AT]
        return None
    return looked_up(number=request.session.get(LOOKED_UP, ""))


@public
@never_cache
@require_safe
def short(request: HttpRequest, number: str) -> HttpResponse:
    """The address in messages: the owner's page where the owner entered, else the status page with
    the number filled in. It says of no number whether it exists."""
    plain, person = _number(number), visiting_person(request)
    if plain and person and followed_by(person, plain, now=clock.now()):
        return redirect("cases:own_request", plain)
    return redirect(reverse("cases:status") + (f"?number={plain}" if plain else ""))


def _number(text: str | None) -> str:
    """A request's number in its one spelling; empty for anything else, such as an IIN."""
    try:
        return plain_number(text or "")
    except RuleViolation:
        return ""
