"""Web hooks of the provider, kept by its administrator, and what each of them was told."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import staff
from kualik.core.errors import message
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.notifications.forms import HookForm
from kualik.notifications.models import Hook, HookDelivery
from kualik.notifications.services import hook_keeping as keeping
from kualik.notifications.services.hooks import TEST_EVENT, former_until, hook_events
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

DELIVERIES_A_PAGE: Final = 50
MOST_REPLAYED: Final = 1000
State = HookDelivery.State
TAGS: Final[Mapping[str, str]] = {
    State.WAITING: "info",
    State.DELIVERED: "good",
    State.FAILED: "bad",
}
LABELS: Final[Mapping[str, Promise]] = {
    State.WAITING: _("Waits"),
    State.DELIVERED: _("Taken by the receiver"),
    State.FAILED: _("Given up"),
}
TEST_TEXT: Final = Text("Сынақ хабарлама", "Пробное сообщение", "A message to try it")
FAILED_OF: Final = Count("deliveries", filter=Q(deliveries__state=State.FAILED))
WAITING_OF: Final = Count("deliveries", filter=Q(deliveries__state=State.WAITING))


@staff(Role.PROVIDER_ADMIN)
def hooks(request: HttpRequest) -> HttpResponse:
    """The addresses that are told, and how they fare."""
    rows = _own(request).annotate(failed=FAILED_OF, waiting=WAITING_OF).order_by("name", "pk")
    return render(request, "notifications/hooks.html", {"rows": rows})


@staff(Role.PROVIDER_ADMIN)
def hook_new(request: HttpRequest) -> HttpResponse:
    """Name an address and what it shall hear of."""
    provider = _provider(request)
    form = HookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = keeping.add_hook(
                provider=provider, facts=form.facts(), actor=_actor(request), now=clock.now()
            )
        except RuleViolation as violation:
            form.add_error(_field(violation), message(violation))
        else:
            told = gettext("The hook is made. Show its secret and enter it at the receiver.")
            messages.success(request, told)
            return redirect("notifications:hook", made.pk)
    return _form_page(request, form, None)


@staff(Role.PROVIDER_ADMIN)
def hook_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, address or choice of events."""
    found = _one(request, pk)
    facts = {"name": found.name, "url": found.url, "events": found.events}
    form = HookForm(request.POST if request.method == "POST" else None, initial=facts)
    if form.is_valid():
        try:
            keeping.change_hook(
                hook=found, facts=form.facts(), actor=_actor(request), now=clock.now()
            )
        except RuleViolation as violation:
            form.add_error(_field(violation), message(violation))
        else:
            messages.success(request, gettext("The changes are kept."))
            return redirect("notifications:hook", pk)
    return _form_page(request, form, found)


@staff(Role.PROVIDER_ADMIN)
@never_cache
def hook(request: HttpRequest, pk: int) -> HttpResponse:
    """One hook and its deliveries, the newest first."""
    return _hook_page(request, _one(request, pk))


@staff(Role.PROVIDER_ADMIN)
@never_cache
@post_only("notifications:hook", "pk")
def hook_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with the secret on it; the journal keeps that it was looked at."""
    found = _one(request, pk)
    secret = keeping.show_secret(hook=found, actor=_actor(request), now=clock.now())
    return _hook_page(request, found, secret=secret)


@staff(Role.PROVIDER_ADMIN)
@never_cache
def hook_renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks before a new secret is made, which the receiver has to know within two days."""
    found = _one(request, pk)
    if request.method == "POST":
        try:
            keeping.renew_secret(hook=found, actor=_actor(request), now=clock.now())
        except RuleViolation as violation:
            messages.error(request, message(violation))
        else:
            told = gettext("The secret is new. The former one signs beside it for two days.")
            messages.success(request, told)
        return redirect("notifications:hook", pk)
    context = {"hook": found, "former_until": former_until(found, clock.now())}
    return render(request, "notifications/hook_renew.html", context)


@staff(Role.PROVIDER_ADMIN)
@post_only("notifications:hook", "pk")
def hook_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause, resume, end the former secret, try it, tell again what was given up, or remove it."""
    found = _one(request, pk)
    act = ACTS.get(request.POST.get("do", ""))
    if act is None:
        raise Http404
    messages.success(request, act(request, found))
    removed = request.POST["do"] == "remove"
    return redirect("notifications:hooks") if removed else redirect("notifications:hook", pk)


@staff(Role.PROVIDER_ADMIN)
@never_cache
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: what was sent, and what became of it."""
    found = _delivery(request, pk)
    context = {
        "delivery": found,
        "row": _row(found),
        "content": json.dumps(found.body, ensure_ascii=False, indent=2, sort_keys=True),
        "may_replay": found.state != State.WAITING,
    }
    return render(request, "notifications/delivery.html", context)


@staff(Role.PROVIDER_ADMIN)
@post_only("notifications:delivery", "pk")
def delivery_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the event once more, under the same key."""
    found = _delivery(request, pk)
    if found.state != State.WAITING:
        keeping.replay(deliveries=[found], actor=_actor(request), now=clock.now())
        messages.success(request, gettext("The event is told again."))
    return redirect("notifications:delivery", pk)


def _pause(request: HttpRequest, found: Hook) -> str:
    keeping.pause_hook(hook=found, actor=_actor(request), now=clock.now())
    return gettext("The hook is paused; its events wait.")


def _resume(request: HttpRequest, found: Hook) -> str:
    keeping.resume_hook(hook=found, actor=_actor(request), now=clock.now())
    return gettext("The hook goes on with what waits.")


def _end_former(request: HttpRequest, found: Hook) -> str:
    keeping.end_former_secret(hook=found, actor=_actor(request), now=clock.now())
    return gettext("The former secret signs no more.")


def _test(_request: HttpRequest, found: Hook) -> str:
    keeping.send_test(hook=found, now=clock.now())
    return gettext("A message to try it is on its way.")


def _replay_failed(request: HttpRequest, found: Hook) -> str:
    failed = found.deliveries.filter(state=State.FAILED).order_by("pk")[:MOST_REPLAYED]
    count = keeping.replay(deliveries=list(failed), actor=_actor(request), now=clock.now())
    return gettext("Told again: %(count)s.") % {"count": count}


def _remove(request: HttpRequest, found: Hook) -> str:
    keeping.remove_hook(hook=found, actor=_actor(request), now=clock.now())
    return gettext("The hook is removed.")


ACTS: Final[Mapping[str, Callable[[HttpRequest, Hook], str]]] = {
    "pause": _pause,
    "resume": _resume,
    "end_former": _end_former,
    "test": _test,
    "replay": _replay_failed,
    "remove": _remove,
}


def _hook_page(request: HttpRequest, found: Hook, *, secret: str = "") -> HttpResponse:
    shown = request.GET.get("show", "")
    rows = found.deliveries.order_by("-pk")
    rows = rows.filter(state=shown) if shown in LABELS else rows
    page = Paginator(rows, DELIVERIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "hook": found,
        "events": [(name, hook_events()[name]) for name in found.events],
        "secret": secret,
        "former_until": former_until(found, clock.now()),
        "page": page,
        "rows": [_row(row) for row in page],
        "shown": shown,
        "filters": [("", _("All")), *LABELS.items()],
        "has_failed": found.deliveries.filter(state=State.FAILED).exists(),
    }
    return render(request, "notifications/hook.html", context)


def _form_page(request: HttpRequest, form: HookForm, found: Hook | None) -> HttpResponse:
    context = {"form": form, "hook": found}
    status = 422 if form.is_bound else 200
    return render(request, "notifications/hook_form.html", context, status=status)


def _row(row: HookDelivery) -> dict[str, object]:
    text = TEST_TEXT if row.event == TEST_EVENT else hook_events().get(row.event)
    return {
        "delivery": row,
        "text": text or Text(row.event, row.event, row.event),
        "tag": TAGS[row.state],
        "label": LABELS[row.state],
    }


def _field(violation: RuleViolation) -> str | None:
    at_url = dict.fromkeys(("address_unfit", "address_inner"), "url")
    return {**at_url, "hook_event_unknown": "events"}.get(violation.code)


def _provider(request: HttpRequest) -> Provider:
    provider = person_of(request).provider
    if provider is None:
        raise Http404
    return provider


def _own(request: HttpRequest) -> QuerySet[Hook]:
    own = Hook.objects.filter(provider=_provider(request), removed_at=None)
    return own.select_related("provider")


def _one(request: HttpRequest, pk: int) -> Hook:
    found = _own(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _delivery(request: HttpRequest, pk: int) -> HookDelivery:
    rows = HookDelivery.objects.filter(hook__in=_own(request))
    found = rows.select_related("hook", "hook__provider").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _actor(request: HttpRequest) -> Actor:
    return person_of(request).acting_as(Role.PROVIDER_ADMIN)
