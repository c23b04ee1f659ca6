"""The main menu: what the person on the page may open."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.accounts.queries import visiting_person
from kualik.core.access import is_verified
from kualik.rules.lifecycle import READERS, Role

OFFICE = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})
# The first page is behind the name of the system; the footer has the rest.
PUBLIC_ITEMS: tuple[tuple[str, str | Promise], ...] = (
    ("certificates:check", _("Check a certificate")),
    ("cases:status", _("Status of a request")),
    ("providers:directory", _("Providers")),
)
APPLICANT_ITEMS: tuple[tuple[str, str | Promise], ...] = (
    ("cases:cabinet", _("My cabinet")),
    ("certificates:check", _("Check a certificate")),
    ("providers:directory", _("Providers")),
)
STAFF_ITEMS: tuple[tuple[str, str | Promise, frozenset[Role]], ...] = (
    ("cases:office", _("Today"), READERS),
    ("training:groups", _("Groups"), OFFICE),
    ("training:import", _("Import a list"), OFFICE),
    ("cases:requests", _("Requests"), READERS),
    ("certificates:register", _("Register"), READERS),
    ("cases:seal", _("Waiting for the seal"), frozenset({Role.AUTHORISED_PERSON})),
    ("certificates:seal_policy", _("Rules of signing"), frozenset({Role.PROVIDER_ADMIN})),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu: a link, or a button where ``is_act``, or words without ``href``."""

    href: str
    label: str
    is_current: bool = False
    is_act: bool = False


def menu(request: HttpRequest) -> dict[str, list[Item]]:
    """Staff signed in with both factors see their work, everyone else the public pages.

    Who entered the own cabinet sees the way to it, the own name and the way out.
    """
    user, person = request.user, visiting_person(request)
    entries = [(name, label) for name, label in PUBLIC_ITEMS]
    ends: list[Item] = []
    if isinstance(user, User) and is_verified(user):
        entries = [(name, label) for name, label, roles in STAFF_ITEMS if user.has_role(roles)]
        entries.append(("accounts:profile", user.full_name))
        ends = [Item(reverse("accounts:logout"), gettext("Sign out"), is_act=True)]
    elif person is not None:
        entries = list(APPLICANT_ITEMS)
        leave = Item(reverse("signatures:leave"), gettext("Leave"), is_act=True)
        ends = [Item("", person.full_name), leave]
    else:
        entries.append(("signatures:enter", _("Enter the cabinet")))
        entries.append(("accounts:login", _("Staff sign-in")))
    return {"menu": [*(_link(request, name, label) for name, label in entries), *ends]}


def _link(request: HttpRequest, name: str, label: str | Promise) -> Item:
    href = reverse(name)
    return Item(href, str(label), request.path == href)
