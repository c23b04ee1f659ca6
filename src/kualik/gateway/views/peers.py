"""The other ends of our channels."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.gateway.forms.peers import PeerForm
from kualik.gateway.models import Peer
from kualik.gateway.services.tending import save_peer
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role


@staff(Role.PLATFORM_ADMIN)
@require_safe
def peers(request: HttpRequest) -> HttpResponse:
    """All of them."""
    return render(request, "gateway/peers.html", {"peers": Peer.objects.order_by("code")})


@staff(Role.PLATFORM_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def peer(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """One of them, or a new one; its code stays as it was entered."""
    known = get_object_or_404(Peer, pk=pk) if pk else None
    form = PeerForm(request.POST or None, initial=PeerForm.shown(known) if known else None)
    if known is not None:
        form.fields["code"].disabled = True
    if form.is_bound and form.is_valid() and _saved(request, form, is_new=known is None):
        messages.success(request, gettext("The channel is saved."))
        return redirect("gateway:peers")
    title = known.name if known else gettext("New channel")
    status = 422 if form.is_bound else 200
    context = {"form": form, "title": title, "back": "gateway:peers"}
    return render(request, "gateway/form.html", context, status=status)


def _saved(request: HttpRequest, form: PeerForm, *, is_new: bool) -> bool:
    actor = person_of(request).acting_as(Role.PLATFORM_ADMIN)
    try:
        save_peer(
            code=form.cleaned_data["code"],
            facts=form.facts(),
            is_new=is_new,
            actor=actor,
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error(
            "code" if violation.code == "gateway_peer_exists" else "certificates",
            errors.message(violation),
        )
        return False
    return True
