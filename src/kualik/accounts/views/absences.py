"""Absences of staff: everybody enters the own ones, the administrator those of all."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from kualik.accounts.forms import AbsenceForm
from kualik.accounts.models import Absence, User
from kualik.accounts.queries import absences_of, person_of
from kualik.accounts.services.absences import cancel_absence, enter_absence
from kualik.accounts.services.staffing import PROVIDER_ROLES
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.core.clock import local_day
from kualik.core.errors import message
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

KEEPERS = frozenset({Role.PROVIDER_ADMIN, Role.OFFICE_HEAD})


@staff(*PROVIDER_ROLES)
def absences(request: HttpRequest) -> HttpResponse:
    """Who is away when, and the form for one more absence."""
    initial = {"user": person_of(request).pk}
    form = AbsenceForm(request.POST or None, people=_people(request), initial=initial)
    if form.is_valid() and _entered(request, form):
        messages.success(request, gettext("The absence is entered."))
        return redirect("accounts:absences")
    context = {"form": form, "rows": _shown(request), "keeps_all": _keeps_all(request)}
    return render(request, "accounts/absences.html", context)


@staff(*PROVIDER_ROLES)
@post_only("accounts:absences")
def absence_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    found = _shown(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    cancel_absence(absence=found, actor=_actor(request), now=clock.now())
    messages.success(request, gettext("The absence is taken back."))
    return redirect("accounts:absences")


def _entered(request: HttpRequest, form: AbsenceForm) -> bool:
    try:
        enter_absence(**form.cleaned_data, actor=_actor(request), now=clock.now())
    except RuleViolation as violation:
        form.add_error("to_day", message(violation))
        return False
    return True


def _keeps_all(request: HttpRequest) -> bool:
    return person_of(request).has_role(KEEPERS)


def _people(request: HttpRequest) -> QuerySet[User]:
    """Whose absences the person may enter."""
    user = person_of(request)
    found = User.objects.filter(provider=user.provider, provider__isnull=False, is_active=True)
    return (found if _keeps_all(request) else found.filter(pk=user.pk)).order_by("full_name")


def _shown(request: HttpRequest) -> QuerySet[Absence]:
    user = person_of(request)
    if user.provider is None:
        raise Http404
    found = absences_of(user.provider, since=local_day(clock.now()))
    return found if _keeps_all(request) else found.filter(user=user)


def _actor(request: HttpRequest) -> Actor:
    user = person_of(request)
    return user.acting_as(role_of(user, PROVIDER_ROLES))
