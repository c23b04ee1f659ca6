"""Every route states who may open it; what is stated is what happens."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kualik.core.access import PUBLIC, SIGNED_IN, permission_of
from kualik.rules.lifecycle import Role

ARGUMENTS = {"code": "0123456789ABCDEF", "edition": "A303", "number": "DEMO-2026-000001-0"}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        else:
            yield pattern


ALL = list(routes(get_resolver().url_patterns))


def test_there_are_routes_to_guard() -> None:
    assert len(ALL) > 25


@pytest.mark.parametrize("route", ALL, ids=lambda route: route.name or str(route.pattern))
def test_every_route_states_its_permission(route: URLPattern) -> None:
    permission = permission_of(route.callback)
    stated = permission in (PUBLIC, SIGNED_IN)
    roles = isinstance(permission, frozenset) and permission and permission <= frozenset(Role)
    assert stated or roles, f"{route.pattern} states no permission"


@pytest.mark.parametrize("route", ALL, ids=lambda route: route.name or str(route.pattern))
def test_every_route_has_a_name(route: URLPattern) -> None:
    assert route.name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/office/", "/office/requests/", "/office/register/", "/office/groups/", "/office/seal/"],
)
def test_a_stranger_is_led_to_the_sign_in(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")
