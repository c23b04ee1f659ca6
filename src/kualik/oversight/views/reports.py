"""Monthly reports: those there are, and the one that is to be made."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.certificates.models import Letter
from kualik.certificates.queries import letters_visible_to
from kualik.certificates.services.letters import states_of, text_in
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.oversight.forms import MONTHS_SHOWN, MonthForm, public_months
from kualik.oversight.services.reporting import make_report, months_to_report
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import SUPERVISORS, Role

MAKERS = SUPERVISORS - {Role.INSPECTOR}
MOST = 200


@staff(*SUPERVISORS)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The reports that the person may see, the last month first."""
    user = person_of(request)
    letters = list(_reports(user)[:MOST])
    states = states_of(letters)
    rows = [(row, text_in(row.facts, "period"), states[row.number]) for row in letters]
    context = {"rows": rows, "shows_provider": user.provider_id is None, "form": _form(user)}
    return render(request, "oversight/reports.html", context)


@staff(*MAKERS)
@post_only("oversight:reports")
def make(request: HttpRequest) -> HttpResponse:
    """Order the report of one of the ended months; asked for twice, it is the same one."""
    user, now = person_of(request), clock.now()
    if user.provider is None:
        raise Http404
    form = MonthForm(request.POST, months=public_months(now))
    if not form.is_valid():
        raise RuleViolation("period_unknown", period=request.POST.get("month", ""))
    actor = user.acting_as(role_of(user, MAKERS))
    try:
        make_report(provider=user.provider, month=form.wanted(), actor=actor, now=now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(
            request, gettext("The report is being made; the authorised person will sign it.")
        )
    return redirect("oversight:reports")


def _reports(user: User) -> QuerySet[Letter]:
    found = letters_visible_to(user).filter(kind=Letter.Kind.REPORT)
    return found.exclude(state=Letter.State.VOID).order_by("-about", "-id")


def _form(user: User) -> MonthForm | None:
    """None for who may make none, and where every month has its report."""
    if user.provider is None or not user.has_role(MAKERS):
        return None
    months = months_to_report(user.provider, now=clock.now(), count=MONTHS_SHOWN)
    return MonthForm(None, months=months) if months else None
