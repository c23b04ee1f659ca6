"""Scans of the acts by which blanks were written off."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.certificates.models import Blank
from kualik.certificates.services.blanks import HOLDERS, KEEPERS, blanks_visible_to, keep_act
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.uploads import takes_scans
from kualik.counter.forms.handing import ScanForm
from kualik.counter.views.scans import read_upload, sent_scan
from kualik.counter.views.work import NOT_VALID
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

WORKERS = KEEPERS | HOLDERS
WRITTEN_OFF = (Blank.State.SPOILED, Blank.State.LOST)


@staff(*WORKERS)
@takes_scans
def blank_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the scan of an act."""
    user = person_of(request)
    found = _written_off(request, pk)
    is_sent = request.method == "POST"
    form = ScanForm(request.POST, request.FILES) if is_sent else ScanForm()
    scan = read_upload(request, form) if is_sent else None
    if scan is not None:
        role = role_of(user, KEEPERS if user.has_role(KEEPERS) else WORKERS)
        try:
            keep_act(blank=found, content=scan.content, user=user, role=role, now=clock.now())
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, gettext("The scan is kept."))
            return redirect("certificates:blank", pk=found.pk)
    status = NOT_VALID if is_sent else 200
    context = {"blank": found, "form": form}
    return render(request, "counter/blank_act.html", context, status=status)


@staff(*WORKERS, Role.INSPECTOR)
@require_safe
def blank_act_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The scan of an act, to be saved."""
    found = get_object_or_404(blanks_visible_to(person_of(request)), pk=pk)
    if not found.act:
        raise Http404
    return sent_scan(found.act, f"act-{found.series}-{found.number}")


def _written_off(request: HttpRequest, pk: int) -> Blank:
    """A written off blank of the own provider; 404 for any other."""
    user = person_of(request)
    if user.provider_id is None:
        raise Http404
    return get_object_or_404(blanks_visible_to(user), pk=pk, state__in=WRITTEN_OFF)
