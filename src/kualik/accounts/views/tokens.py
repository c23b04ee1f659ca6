"""The tokens by which other systems speak to ours, kept by an administrator."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from kualik.accounts.forms import TermForm, TokenForm
from kualik.accounts.models import ApiToken
from kualik.accounts.queries import person_of
from kualik.accounts.queries.tokens import (
    KEEPERS,
    SCOPE_LABELS,
    Scope,
    scopes_for,
    tokens_visible_to,
)
from kualik.accounts.services import tokens as service
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.core.errors import message
from kualik.core.journal import Actor
from kualik.core.methods import post_only
from kualik.core.sealing import seal, unseal
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

SHOWN = "token_shown"
SOON = timedelta(days=14)


@staff(*KEEPERS)
def tokens(request: HttpRequest) -> HttpResponse:
    """All of the organisation's tokens, those that work first."""
    now = clock.now()
    rows = [
        (token, _labels(token), service.stands(token, now=now), token.ends_at - now < SOON)
        for token in tokens_visible_to(person_of(request))
    ]
    rows.sort(key=lambda row: not row[2])
    return render(request, "accounts/tokens.html", {"rows": rows})


@staff(*KEEPERS)
@never_cache
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is shown once on the next page."""
    user = person_of(request)
    form = TokenForm(request.POST if request.method == "POST" else None, offered=scopes_for(user))
    if form.is_valid():
        now, told = clock.now(), form.cleaned_data
        try:
            made, secret = service.issue_token(
                provider=user.provider,
                name=told["name"],
                scopes=form.chosen(),
                ends_at=now + timedelta(days=told["days"]),
                actor=_actor(request),
                now=now,
            )
        except RuleViolation as violation:
            form.add_error(None, message(violation))
        else:
            return _shown_next(request, made, secret)
    return render(request, "accounts/token_new.html", {"form": form})


@staff(*KEEPERS)
@never_cache
def token_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One token: what it opens, until when, and its secret right after it was made."""
    token = _own(request, pk)
    context = {
        "token": token,
        "labels": _labels(token),
        "stands": service.stands(token, now=clock.now()),
        "form": TermForm(),
        "secret": _shown_now(request, token),
    }
    return render(request, "accounts/token_one.html", context)


@staff(*KEEPERS)
@post_only("accounts:token_one", "pk")
def token_renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a second token beside this one, which ends within a week."""
    token, form, now = _own(request, pk), TermForm(request.POST), clock.now()
    if not form.is_valid():
        messages.error(request, gettext("Choose how long the new token works."))
        return redirect("accounts:token_one", pk)
    ends_at = now + timedelta(days=form.cleaned_data["days"])
    try:
        made, secret = service.renew_token(
            token=token, ends_at=ends_at, actor=_actor(request), now=now
        )
    except RuleViolation as violation:
        messages.error(request, message(violation))
        return redirect("accounts:token_one", pk)
    return _shown_next(request, made, secret)


@staff(*KEEPERS)
@post_only("accounts:token_one", "pk")
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token at once."""
    service.revoke_token(token=_own(request, pk), actor=_actor(request), now=clock.now())
    messages.success(request, gettext("The token opens nothing any more."))
    return redirect("accounts:token_one", pk)


def _shown_next(request: HttpRequest, token: ApiToken, secret: str) -> HttpResponse:
    # Sealed: sessions are rows too, and the next page may never be opened.
    request.session[SHOWN] = {str(token.pk): seal(secret, purpose=SHOWN).hex()}
    return redirect("accounts:token_one", token.pk)


def _shown_now(request: HttpRequest, token: ApiToken) -> str:
    kept = request.session.pop(SHOWN, {}).get(str(token.pk), "")
    return unseal(bytes.fromhex(kept), purpose=SHOWN) if kept else ""


def _own(request: HttpRequest, pk: int) -> ApiToken:
    found = tokens_visible_to(person_of(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _actor(request: HttpRequest) -> Actor:
    user = person_of(request)
    return user.acting_as(role_of(user, KEEPERS))


def _labels(token: ApiToken) -> list[Text]:
    return [SCOPE_LABELS[Scope(scope)] for scope in token.scopes]
