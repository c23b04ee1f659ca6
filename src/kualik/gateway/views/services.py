"""Services of the portal: which are taken, by which rows, and how they would be read."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.journal import Actor
from kualik.gateway.forms.profiles import ConnectForm, ProfileForm, TryForm, in_words
from kualik.gateway.models import Profile
from kualik.gateway.queries.profiles import profiles_visible_to
from kualik.gateway.services.profiles import families, not_agreed, rows_of
from kualik.gateway.services.tending import change_profile, open_profile
from kualik.gateway.services.trying import Trial, sample_of, try_out
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

TENDERS = frozenset({Role.PROVIDER_ADMIN, Role.PLATFORM_ADMIN})


@staff(*TENDERS)
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """The services of the own provider, or of all, with what is not agreed yet."""
    user = person_of(request)
    rows = [
        {
            "profile": profile,
            "family": families()[profile.family].name,
            "left": len(not_agreed(profile.family, profile.mapping)),
        }
        for profile in profiles_visible_to(user)
    ]
    is_platform = user.has_role(frozenset({Role.PLATFORM_ADMIN}))
    return render(request, "gateway/services.html", {"rows": rows, "is_platform": is_platform})


@staff(*TENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def service(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of one service."""
    profile = _own(request, pk)
    form = ProfileForm(
        request.POST or None, profile=profile, agrees=request.POST.get("do") == "agree"
    )
    if form.is_bound and form.is_valid() and _saved(request, profile, form):
        messages.success(request, gettext("The service is saved."))
        return redirect("gateway:service", profile.pk)
    context = {
        "form": form,
        "profile": profile,
        "family": families()[profile.family].name,
        "left": [(row, in_words(row)) for row in not_agreed(profile.family, profile.mapping)],
    }
    status = 422 if form.is_bound else 200
    return render(request, "gateway/service.html", context, status=status)


@staff(*TENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def service_try(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be read of a document and what would be answered; nothing is stored."""
    profile, now = _own(request, pk), clock.now()
    rows = rows_of(profile.family, profile.mapping)
    form = TryForm(request.POST or None, initial={"document": sample_of(rows, now=now)})
    context: dict[str, object] = {"form": form, "profile": profile}
    if form.is_bound and form.is_valid():
        trial = try_out(rows, form.cleaned_data["document"], now=now)
        context |= {"trial": trial, "fault": _told(trial)}
    return render(request, "gateway/service_try.html", context)


@staff(Role.PLATFORM_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Connect a service for a provider."""
    form = ConnectForm(request.POST or None)
    if form.is_valid():
        try:
            made = open_profile(**form.cleaned_data, actor=_actor(request), now=clock.now())
        except RuleViolation as violation:
            form.add_error("service_id", errors.message(violation))
        else:
            messages.success(request, gettext("The service is connected and still off."))
            return redirect("gateway:service", made.pk)
    status = 422 if form.is_bound else 200
    title = gettext("Connect a service")
    return render(request, "gateway/form.html", {"form": form, "title": title}, status=status)


def _told(trial: Trial) -> str:
    """Why nothing could be read, and where."""
    fault = errors.message(trial.fault) if trial.fault else ""
    if trial.place is None:
        return fault
    line, column = trial.place
    where = gettext("Line %(line)s, column %(column)s.") % {"line": line, "column": column}
    return f"{fault} {where}"


def _saved(request: HttpRequest, profile: Profile, form: ProfileForm) -> bool:
    """Whether it was; what the service refuses becomes the form's mistake."""
    try:
        change_profile(
            profile=profile,
            mapping=form.mapping(),
            result_by=form.cleaned_data["result_by"],
            is_active=form.cleaned_data["is_active"],
            actor=_actor(request),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error("is_active", errors.message(violation))
        return False
    return True


def _own(request: HttpRequest, pk: int) -> Profile:
    return get_object_or_404(profiles_visible_to(person_of(request)), pk=pk)


def _actor(request: HttpRequest) -> Actor:
    user = person_of(request)
    return user.acting_as(role_of(user, TENDERS))
