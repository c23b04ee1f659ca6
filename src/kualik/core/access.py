"""Who may open a page: every view states it, the middleware keeps it.

A view without a statement is closed for everyone (a guard test names it).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import get_urlconf, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from kualik.core import clock
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import holds_iin
from kualik.rules.lifecycle import Role

PUBLIC = "public"
SIGNED_IN = "signed-in"
APPLICANT = "applicant"
PROGRAM = "program"
# What an applicant's entry leaves in the session (accounts.services.entering writes it).
APPLICANT_KEY = "applicant"
View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Permission = str | frozenset[Role]


def public(view: View) -> View:
    """Anyone may open the page."""
    view.__dict__["permission"] = PUBLIC
    return view


def signed_in(view: View) -> View:
    """Anyone with a password may open the page, before the second factor too."""
    view.__dict__["permission"] = SIGNED_IN
    return view


def applicant(view: View) -> View:
    """Only a person who entered the own cabinet may open the page."""
    view.__dict__["permission"] = APPLICANT
    return view


def newcomer(view: View) -> View:
    """The same, before the person did what stands before the cabinet (settings.APPLICANT_GATE)."""
    view.__dict__["is_before_gate"] = True
    return applicant(view)


def takes_late(view: View) -> View:
    """The same for a page whose form may come after the session has ended: the view itself keeps
    its words then and leads ``to_entry``."""
    view.__dict__["takes_late"] = True
    return view


def staff(*roles: Role) -> Callable[[View], View]:
    """Only staff with one of ``roles``, signed in with both factors."""

    def mark(view: View) -> View:
        view.__dict__["permission"] = frozenset(roles)
        return view

    return mark


def by_token(view: View) -> View:
    """Only another system may come, with a token of ours; no session counts. The interface itself
    asks for the token and its scope (accounts.adapters.bearer)."""
    view.__dict__["permission"] = PROGRAM
    return view


def permission_of(view: Callable[..., object]) -> Permission | None:
    """What the view states; None when it states nothing."""
    return getattr(view, "permission", None)


def is_verified(user: object) -> bool:
    """Whether the person of a request came in with both factors."""
    check = getattr(user, "is_verified", None)
    return bool(check and check())


def has_role(user: object, roles: frozenset[Role]) -> bool:
    """Whether the person of a request holds one of ``roles``."""
    check = getattr(user, "has_role", None)
    return bool(check and check(roles))


def entry_of(request: HttpRequest) -> Mapping[str, object] | None:
    """How the visitor entered the own cabinet: person, level, way, since; None for others.

    An entry ends after the age of a session however busy it was, unless the person stays on
    (``core.staying``). Staff have no cabinet.
    """
    entry = request.session.get(APPLICANT_KEY)
    if not isinstance(entry, dict) or request.user.is_authenticated:
        return None
    return entry if clock.now() < entry_ends_at(entry) else None


def entry_ends_at(entry: Mapping[str, object]) -> datetime:
    """When an entry ends, counted from the moment of entering or of the last prolonging."""
    start = datetime.fromisoformat(str(entry.get("stayed") or entry["since"]))
    return start + timedelta(seconds=settings.SESSION_COOKIE_AGE)


def came_for(request: HttpRequest) -> str:
    """The page that an entry shall lead to, if the form or the address names one of ours."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else ""


def may_open(user: object, address: str) -> bool:
    """Whether the page of staff at one of our addresses is open to the person of a request."""
    permission = _permission_at(address, get_urlconf() or settings.ROOT_URLCONF)
    return isinstance(permission, frozenset) and has_role(user, permission)


@lru_cache(maxsize=256)
def _permission_at(address: str, urlconf: str) -> Permission | None:
    """What the page states; the menu of every page asks for each of its entries."""
    return permission_of(resolve(address, urlconf).func)


def role_of(user: object, roles: frozenset[Role]) -> Role:
    """The role out of ``roles`` in which ``user`` acts."""
    for role in sorted(roles):
        if has_role(user, frozenset({role})):
            return role
    raise RuleViolation("not_permitted")


class AccessMiddleware:
    """Stops a request at a view whose statement the person does not meet.

    Nothing keeps the answer of a view that is not public, not even the browser's own store; only
    an answer to a program may say otherwise.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        found = request.resolver_match
        permission = permission_of(found.func) if found is not None else PUBLIC
        if permission == PROGRAM:
            response.headers.setdefault("Cache-Control", "private, no-store")
        elif permission != PUBLIC:
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., object], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        permission = permission_of(view)
        if permission in (PUBLIC, PROGRAM):
            return None
        if permission is None:
            raise PermissionDenied("the view states no permission")
        if permission == APPLICANT:
            return _way_before(request, view)
        if not request.user.is_authenticated:
            return redirect_to_login(page_address(request), resolve_url("accounts:login"))
        if permission == SIGNED_IN:
            return None
        if not is_verified(request.user):
            return redirect_to_login(page_address(request), resolve_url("accounts:second_factor"))
        if not isinstance(permission, frozenset) or not has_role(request.user, permission):
            raise PermissionDenied("another role")
        return None


def _way_before(request: HttpRequest, view: Callable[..., object]) -> HttpResponse | None:
    """Where a visitor is led before a page of applicants; None when it is open to them."""
    if entry_of(request) is None:
        is_late = request.method == "POST" and getattr(view, "takes_late", False)
        return None if is_late else to_entry(request)
    if getattr(view, "is_before_gate", False):
        return None
    first_page: Callable[[HttpRequest], str] = import_string(settings.APPLICANT_GATE)
    page = first_page(request)
    return redirect_to_login(page_address(request), resolve_url(page)) if page else None


def to_entry(request: HttpRequest, *, told: str = "") -> HttpResponse:
    """The way to the ways of entering and from there back to this page.

    Whose session has ended reads that there, or ``told``; nobody sends a form without having had
    one.
    """
    has_ended = request.method == "POST" or APPLICANT_KEY in request.session
    if has_ended and not request.user.is_authenticated:
        words = told or gettext("Your session has ended. Enter again to go on.")
        messages.info(request, words, fail_silently=True)
    return redirect_to_login(page_address(request), resolve_url(settings.APPLICANT_LOGIN_URL))


def page_address(request: HttpRequest) -> str:
    """The address to come back to; an IIN that stands in it is not carried further."""
    values = (value for _, values in request.GET.lists() for value in values)
    return request.path if any(map(holds_iin, values)) else request.get_full_path()
