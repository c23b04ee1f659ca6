"""Where a complaint stands: by number and code, no sign-in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from kualik.complaints.forms import StatusForm
from kualik.complaints.queries import find_by_code
from kualik.complaints.views.showing import shown
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.rules.errors import RuleViolation

BY_ADDRESS = Limit("complaint status", 10)


@public
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; the answer comes to a POST, so that no code sits in an address."""
    now = clock.now()
    form = StatusForm(request.POST or None, initial={"number": request.GET.get("number", "")[:64]})
    if not form.is_valid():
        return render(request, "complaints/status.html", {"form": form})
    try:
        check_limit(BY_ADDRESS, address_of(request), now=now)
        found = find_by_code(**form.cleaned_data)
    except RuleViolation as violation:
        if violation.code == "complaint_not_found":
            count_miss(BY_ADDRESS, address_of(request), now=now)
        form.add_error(None, errors.message(violation))
        code = errors.status(violation)
        return render(request, "complaints/status.html", {"form": form}, status=code)
    return render(request, "complaints/status_result.html", {"shown": shown(found, now=now)})
