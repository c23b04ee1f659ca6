"""The house of the person on the page; nobody sees another's."""

from collections.abc import Callable
from datetime import date

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from kualik.core import errors
from kualik.core.journal import Actor
from kualik.providers.models import Office, Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role


def own_provider(request: HttpRequest) -> Provider:
    """The provider whose administrator is on the page; ``not_permitted`` for one of none."""
    found = getattr(request.user, "provider", None)
    if not isinstance(found, Provider):
        raise RuleViolation("not_permitted")
    return found


def own_office(request: HttpRequest, pk: int) -> Office:
    """An office of the own provider; a stranger's is not found."""
    return get_object_or_404(Office, pk=pk, provider=own_provider(request))


def actor_of(request: HttpRequest, role: Role = Role.PROVIDER_ADMIN) -> Actor:
    """The person on the page as the journal names them."""
    return Actor(name=f"user:{request.user.pk}", role=role.value)


def day_of(text: str) -> date | None:
    """The day that an address or a button names; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def done(form: forms.Form, act: Callable[[], object], *, field: str | None = None) -> bool:
    """Whether the act was done; what it refused becomes the form's mistake."""
    try:
        act()
    except RuleViolation as violation:
        form.add_error(field, errors.message(violation))
        return False
    return True
