"""The programmes of the organisation, kept by its administrator and its registrars."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from kualik.core import clock
from kualik.core.access import staff
from kualik.core.errors import message
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import KIND_LABELS
from kualik.training.forms import ProgrammeForm
from kualik.training.models import Programme
from kualik.training.services.programmes import (
    add_programme,
    correct_programme,
    retire_programme,
)
from kualik.training.views.own import OFFICE, actor_of, provider_of

AT_FIELD = {"programme_exists": "title_ru", "programme_in_use": None}


@staff(*OFFICE)
def programmes(request: HttpRequest) -> HttpResponse:
    """All of them, the retired ones at the end."""
    found = _own(request).order_by("-is_active", "kind", "title_ru", "hours")
    rows = [(row, KIND_LABELS[row.kind], row.groups.count()) for row in found]
    return render(request, "training/programmes.html", {"rows": rows})


@staff(*OFFICE)
def programme_new(request: HttpRequest) -> HttpResponse:
    """Enter a programme; 404 for staff without an organisation."""
    provider_of(request)
    form = ProgrammeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _kept(request, form, None):
        return redirect("training:programmes")
    return render(request, "training/programme.html", {"form": form})


@staff(*OFFICE)
def programme(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one by which nobody learned yet."""
    found = _one(request, pk)
    facts = {name: getattr(found, name) for name in ProgrammeForm.base_fields}
    form = ProgrammeForm(request.POST if request.method == "POST" else None, initial=facts)
    if form.is_valid() and _kept(request, form, found):
        return redirect("training:programmes")
    context = {"form": form, "programme": found, "is_used": found.groups.exists()}
    return render(request, "training/programme.html", context)


@staff(*OFFICE)
@require_POST
def programme_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it out of the choice, or bring it back."""
    found = _one(request, pk)
    retire_programme(
        programme=found, is_active=not found.is_active, actor=actor_of(request), now=clock.now()
    )
    messages.success(request, gettext("The changes are kept."))
    return redirect("training:programmes")


def _own(request: HttpRequest) -> QuerySet[Programme]:
    return Programme.objects.filter(provider=provider_of(request))


def _one(request: HttpRequest, pk: int) -> Programme:
    found = _own(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _kept(request: HttpRequest, form: ProgrammeForm, found: Programme | None) -> bool:
    actor, now = actor_of(request), clock.now()
    try:
        if found is None:
            add_programme(provider=provider_of(request), facts=form.facts(), actor=actor, now=now)
        else:
            correct_programme(programme=found, facts=form.facts(), actor=actor, now=now)
    except RuleViolation as violation:
        form.add_error(AT_FIELD.get(violation.code, "hours"), message(violation))
        return False
    messages.success(request, gettext("The changes are kept."))
    return True
