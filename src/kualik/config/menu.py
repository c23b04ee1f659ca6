"""The main menu: what the person on the page may open."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.core.access import is_verified
from kualik.rules.lifecycle import READERS, Role

OFFICE = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})
PUBLIC_ITEMS: tuple[tuple[str, str | Promise], ...] = (
    ("home", _("Home")),
    ("certificates:check", _("Check a certificate")),
    ("cases:status", _("Status of a request")),
    ("providers:directory", _("Providers")),
    ("standards", _("Standards of the service")),
)
STAFF_ITEMS: tuple[tuple[str, str | Promise, frozenset[Role]], ...] = (
    ("cases:office", _("Today"), READERS),
    ("training:groups", _("Groups"), OFFICE),
    ("training:import", _("Import a list"), OFFICE),
    ("cases:requests", _("Requests"), READERS),
    ("certificates:register", _("Register"), READERS),
    ("cases:seal", _("Waiting for the seal"), frozenset({Role.AUTHORISED_PERSON})),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu."""

    href: str
    label: str
    is_current: bool


def menu(request: HttpRequest) -> dict[str, list[Item]]:
    """Staff signed in with both factors see their work, everyone else the public pages."""
    user = request.user
    entries = [(name, label) for name, label in PUBLIC_ITEMS]
    if isinstance(user, User) and is_verified(user):
        entries = [(name, label) for name, label, roles in STAFF_ITEMS if user.has_role(roles)]
        entries.append(("accounts:profile", user.full_name))
    else:
        entries.append(("accounts:login", _("Staff sign-in")))
    items = []
    for name, label in entries:
        href = reverse(name)
        is_current = request.path == href
        items.append(Item(href, str(label), is_current))
    return {"menu": items}
