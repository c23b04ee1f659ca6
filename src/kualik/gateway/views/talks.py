"""What was said with the portal: conversations of the own provider, the queue, what came in."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.methods import post_only
from kualik.gateway.adapters.faults import TEXTS
from kualik.gateway.models import Arrival, Outbound
from kualik.gateway.queries.profiles import conversations_visible_to, said_in
from kualik.gateway.services.masking import masked
from kualik.gateway.services.outbox import resend
from kualik.gateway.services.profiles import status_words
from kualik.gateway.services.receiving import REPEATED, TAKEN
from kualik.gateway.services.replies import rows_for, step_of
from kualik.gateway.services.tending import look_into
from kualik.gateway.views.services import TENDERS
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

PAGE_SIZE = 50
ALL, REFUSED = "all", "refused"


@staff(*TENDERS)
@require_safe
def talks(request: HttpRequest) -> HttpResponse:
    """Conversations, the last one first."""
    found = conversations_visible_to(person_of(request)).annotate(sent=Count("outbound"))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(row, status_words()[step_of(row)]) for row in page]
    return render(request, "gateway/talks.html", {"rows": rows, "page": page})


@staff(*TENDERS)
@require_safe
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """One conversation: its messages in order; their documents, masked, for the administrator of
    the installation alone."""
    user = person_of(request)
    conversation = get_object_or_404(conversations_visible_to(user), pk=pk)
    came, gone = said_in(conversation)
    sees = user.has_role(frozenset({Role.PLATFORM_ADMIN}))
    rows = rows_for(conversation)
    context = {
        "conversation": conversation,
        "words": status_words()[step_of(conversation)],
        "came": [(each, masked(rows, each.data) if sees else "") for each in came],
        "gone": [(each, masked(rows, each.data) if sees else "") for each in gone],
    }
    return render(request, "gateway/talk.html", context)


@staff(Role.PLATFORM_ADMIN)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Messages that have not left: those that failed, then those that wait."""
    rows = Outbound.objects.select_related("peer", "conversation").exclude(
        state=Outbound.State.SENT
    )
    context = {
        "failed": rows.filter(state=Outbound.State.FAILED).order_by("-pk")[:PAGE_SIZE],
        "waiting": rows.filter(state=Outbound.State.WAITING).order_by("pk")[:PAGE_SIZE],
        "count": rows.filter(state=Outbound.State.WAITING).count(),
    }
    return render(request, "gateway/queue.html", context)


@staff(Role.PLATFORM_ADMIN)
@post_only("gateway:queue")
def queue_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a failed message again."""
    row = get_object_or_404(Outbound, pk=pk)
    actor = person_of(request).acting_as(Role.PLATFORM_ADMIN)
    try:
        resend(outbound=row, actor=actor, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, gettext("The message will be sent again."))
    return redirect("gateway:queue")


@staff(Role.PLATFORM_ADMIN)
@require_safe
def arrivals(request: HttpRequest) -> HttpResponse:
    """What came to our addresses, never what was in it: what was refused, where anything was, or
    all of it."""
    rows = Arrival.objects.defer("raw").order_by("-pk")
    refused = rows.exclude(outcome__in=("", TAKEN, REPEATED))
    wanted = request.GET.get("show")
    is_all = wanted == ALL or (wanted != REFUSED and not refused.exists())
    page = Paginator(rows if is_all else refused, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, _reason(row)) for row in page],
        "is_all": is_all,
        "kept": f"show={ALL if is_all else REFUSED}",
    }
    return render(request, "gateway/arrivals.html", context)


@staff(Role.PLATFORM_ADMIN)
@never_cache
@require_safe
def arrival(request: HttpRequest, pk: int) -> HttpResponse:
    """One message that came, and why it was refused; its content masked, each look journalled."""
    found = get_object_or_404(Arrival, pk=pk)
    actor = person_of(request).acting_as(Role.PLATFORM_ADMIN)
    context = {
        "arrival": found,
        "words": TEXTS.get(found.outcome),
        "reason": _reason(found),
        "size": len(found.raw),
        "text": look_into(arrival=found, actor=actor, now=clock.now()),
    }
    return render(request, "gateway/arrival.html", context)


def _reason(arrival: Arrival) -> Text | None:
    """What exactly was wrong; of what was refused before that was kept, what its code says."""
    return Text(**arrival.reason) if arrival.reason else TEXTS.get(arrival.outcome)
