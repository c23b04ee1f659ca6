"""The main menu: what the person on the page may open."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kualik.accounts.models import User
from kualik.accounts.queries import visiting_person
from kualik.cases.queries.tasks import tasks_of
from kualik.core.access import is_verified, may_open

Entry = tuple[str, str | Promise]
# The first page is behind the name of the system; the footer has the rest.
PUBLIC_ITEMS: tuple[Entry, ...] = (
    ("certificates:check", _("Check a certificate")),
    ("cases:status", _("Status of a request")),
    ("providers:directory", _("Providers")),
    ("signatures:enter", _("Enter the cabinet")),
    ("accounts:login", _("Staff sign-in")),
)
APPLICANT_ITEMS: tuple[Entry, ...] = (
    ("cases:cabinet", _("My cabinet")),
    ("certificates:check", _("Check a certificate")),
    ("providers:directory", _("Providers")),
    ("complaints:own_list", _("Complaints")),
)
# Each is shown to those whom its page lets in.
TASKS = "cases:tasks"
STAFF_ITEMS: tuple[Entry, ...] = (
    ("cases:office", _("Today")),
    ("counter:window", _("Window")),
    ("counter:hall", _("Hall")),
    (TASKS, _("Tasks")),
    ("training:groups", _("Groups")),
    ("training:import", _("Import a list")),
    ("cases:requests", _("Requests")),
    ("cases:contact", _("Contact centre")),
    ("cases:person_phone", _("Confirm a number")),
    ("cases:seal", _("Waiting for the seal")),
    ("counter:hand_overs", _("Hand over")),
    ("certificates:register", _("Register")),
    ("certificates:blanks", _("Blanks")),
    ("cases:corrections", _("Corrections")),
    ("cases:mandate_checks", _("Powers of attorney")),
    ("cases:reviews", _("Reviews")),
    ("complaints:list", _("Complaints")),
    ("incidents:list", _("Failures")),
    ("oversight:figures", _("Figures")),
    ("oversight:proofs", _("Clauses and proofs")),
    ("counter:stand", _("For the premises")),
    ("certificates:seal_policy", _("Rules of signing")),
    ("accounts:staff_list", _("Staff")),
    ("accounts:absences", _("Absences")),
    ("accounts:tokens", _("Other systems")),
    ("providers:house", _("Our organisation")),
    ("providers:breaks", _("Technical breaks")),
    ("training:programmes", _("Programmes")),
    ("notifications:texts", _("What people are told")),
    ("gateway:services", _("Services of the portal")),
    ("gateway:registers", _("Registers of the state")),
    ("notifications:hooks", _("Web hooks")),
)
# Folded, so that the rest of the menu stays in one row; tasks lead to what waits there.
FOLDED = frozenset(
    {
        "cases:person_phone",
        "cases:corrections",
        "cases:mandate_checks",
        "cases:reviews",
        "complaints:list",
        "incidents:list",
        "oversight:proofs",
        "training:import",
        "training:groups",
        "oversight:figures",
        "certificates:blanks",
        "counter:stand",
        "certificates:seal_policy",
        "accounts:staff_list",
        "accounts:absences",
        "accounts:tokens",
        "providers:house",
        "providers:breaks",
        "training:programmes",
        "notifications:texts",
        "gateway:services",
        "gateway:registers",
        "notifications:hooks",
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu: a link, or a button where ``is_act``, or words without ``href``.

    ``count`` says how much waits there; 0: not said. ``inner`` are entries folded under the label.
    """

    href: str
    label: str
    is_current: bool = False
    is_act: bool = False
    count: int = 0
    inner: tuple["Item", ...] = ()


def menu(request: HttpRequest) -> dict[str, list[Item]]:
    """Staff signed in with both factors see their work, everyone else the public pages.

    Who entered the own cabinet sees the way to it, the own name and the way out.
    """
    user, person = request.user, visiting_person(request)
    if isinstance(user, User) and is_verified(user):
        found = _folded(_open_to(user, request))
        found += _links([("accounts:profile", user.full_name)], request)
        found.append(Item(reverse("accounts:logout"), gettext("Sign out"), is_act=True))
    elif person is not None:
        found = _links(APPLICANT_ITEMS, request)
        found.append(Item("", person.full_name))
        found.append(Item(reverse("signatures:leave"), gettext("Leave"), is_act=True))
    else:
        found = _links(PUBLIC_ITEMS, request)
    return {"menu": found}


def _open_to(user: User, request: HttpRequest) -> Iterator[Item]:
    """The pages of staff that let ``user`` in, with the number of tasks that wait."""
    for item in _links(STAFF_ITEMS, request):
        if may_open(user, item.href):
            is_tasks = item.href == _address(TASKS)
            count = tasks_of(user).count() if is_tasks else 0
            yield Item(item.href, item.label, item.is_current, count=count)


def _folded(items: Iterable[Item]) -> list[Item]:
    """The rarer pages behind one entry, unless there is only one of them."""
    rare = {_address(name) for name in FOLDED}
    shown: list[Item] = []
    inner: list[Item] = []
    for item in items:
        (inner if item.href in rare else shown).append(item)
    if len(inner) < 2:
        return shown + inner
    is_current = any(item.is_current for item in inner)
    return [*shown, Item("", gettext("More"), is_current, inner=tuple(inner))]


def _links(entries: Iterable[Entry], request: HttpRequest) -> list[Item]:
    addressed = ((_address(name), label) for name, label in entries)
    return [Item(href, str(label), request.path == href) for href, label in addressed if href]


def _address(name: str) -> str:
    """The address of a page; empty where this set of rooms has none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
