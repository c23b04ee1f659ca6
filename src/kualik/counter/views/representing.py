"""A representative at the window: identified by the own document, the principal by the power of
attorney (A57.8.head, A303.8.head)."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.counter.forms.work import RepresentForm
from kualik.counter.services.serving import name_of_principal, represent
from kualik.counter.views.work import COUNTER, NOT_VALID, own_record, person_context, while_here
from kualik.rules.errors import RuleViolation


@staff(*COUNTER)
@while_here
@sensitive_post_parameters("principal_iin")
def representative(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter the power of attorney whose original lies on the desk."""
    user, now, record = person_of(request), clock.now(), own_record(request, pk)
    role = role_of(user, COUNTER)
    form = RepresentForm(
        request.POST or None,
        representative=record.person,
        provider=record.office.provider,
        find_name=partial(name_of_principal, record=record, user=user, role=role, now=now),
    )
    if form.is_valid():
        try:
            represent(record=record, facts=form.facts(), user=user, role=role, now=now)
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, gettext("The power of attorney is entered and in force."))
            return redirect("counter:work", pk)
    context = {**person_context(record, now=now), "form": form}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/representative.html", context, status=status)
