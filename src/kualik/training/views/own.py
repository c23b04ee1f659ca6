"""What of the room belongs to the person on the page; everything else does not exist for them."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from kualik.accounts.queries import person_of
from kualik.core.access import may_open, role_of
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role
from kualik.training.models import ImportDraft
from kualik.training.queries import drafts_of

OFFICE: Final = (Role.REGISTRAR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN)
ROWS_A_PAGE: Final = 100
Row = TypeVar("Row", bound=Any)


def provider_of(request: HttpRequest) -> Provider:
    """The provider of the signed-in person; 404 for staff of the platform."""
    provider = person_of(request).provider
    if provider is None:
        raise Http404
    return provider


def actor_of(request: HttpRequest) -> Actor:
    """The person as the journal names them, in the role that lets them import."""
    user = person_of(request)
    return user.acting_as(role_of(user, frozenset(OFFICE)))


def may_file(request: HttpRequest) -> bool:
    """Whether the person may file requests for the people of a group."""
    return may_open(request.user, reverse("cases:file_group", args=[0]))


def draft_of(request: HttpRequest, pk: int) -> ImportDraft:
    """A list of the person's own provider, imported or not; 404 for any other."""
    drafts = drafts_of(provider_of(request)).select_related("provider")
    return get_object_or_404(drafts, pk=pk)


def page_of(
    request: HttpRequest, rows: "QuerySet[Row] | Sequence[Row]", size: int = ROWS_A_PAGE
) -> "Page[Row]":
    """The page that ``?page=`` names; the nearest one for a wrong number."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
