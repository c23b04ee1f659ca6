"""Planned technical breaks of the whole installation (A57.7.2, A303.7.2)."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.methods import post_only
from kualik.providers import queries
from kualik.providers.forms import BreakForm, words_of
from kualik.providers.models import Break
from kualik.providers.services import announce_break, cancel_break, end_break
from kualik.providers.views.own import actor_of, done
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

MOST = 50


@staff(Role.PLATFORM_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def breaks(request: HttpRequest) -> HttpResponse:
    """The breaks announced, and the form for one more."""
    form, now = BreakForm(request.POST or None), clock.now()
    if form.is_valid() and done(form, lambda: _announce(request, form)):
        messages.success(request, gettext("The technical break is announced on every page."))
        return redirect("providers:breaks")
    context = {"form": form, "rows": queries.planned_breaks()[:MOST], "now": now}
    return render(request, "providers/breaks.html", context)


@staff(Role.PLATFORM_ADMIN)
@post_only("providers:breaks")
def break_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a break back before it starts."""
    act = _on(request, pk, cancel_break)
    return _told(request, act, gettext("The technical break is cancelled."))


@staff(Role.PLATFORM_ADMIN)
@post_only("providers:breaks")
def break_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a break earlier than was planned."""
    act = _on(request, pk, end_break)
    return _told(request, act, gettext("The technical break is over."))


def _on(request: HttpRequest, pk: int, act: Callable[..., Break]) -> Callable[[], Break]:
    pause = get_object_or_404(Break, pk=pk, kind=Break.Kind.TECHNICAL_BREAK)
    actor = actor_of(request, Role.PLATFORM_ADMIN)
    return lambda: act(pause=pause, now=clock.now(), actor=actor)


def _told(request: HttpRequest, act: Callable[[], Break], words: str) -> HttpResponse:
    try:
        act()
        messages.success(request, words)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("providers:breaks")


def _announce(request: HttpRequest, form: BreakForm) -> None:
    cleaned = form.cleaned_data
    announce_break(
        starts_at=cleaned["starts_at"],
        ends_at=cleaned["ends_at"],
        note=words_of(cleaned, "note"),
        now=clock.now(),
        actor=actor_of(request, Role.PLATFORM_ADMIN),
    )
