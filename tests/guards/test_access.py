"""Every route states who may open it; what is stated is what happens, role by role."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from kualik.accounts.models import User
from kualik.core.access import APPLICANT, PROGRAM, PUBLIC, SIGNED_IN, permission_of
from kualik.rules.lifecycle import Role
from tests.entering import open_cabinet
from tests.world import World, build_world, enrol, sign_in

Route = tuple[str, URLPattern]
PEOPLE = frozenset(Role) - {Role.SYSTEM, Role.APPLICANT}


def routes(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[Route]:
    """Each route with the name by which addresses are made."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, inner)
        else:
            yield f"{space}{pattern.name}", pattern


ALL = list(routes(get_resolver().url_patterns))
STAFF = [route for route in ALL if isinstance(permission_of(route[1].callback), frozenset)]
PROGRAMS = [route for route in ALL if permission_of(route[1].callback) == PROGRAM]
OWN = [route for route in ALL if permission_of(route[1].callback) == APPLICANT]
each_route = pytest.mark.parametrize(("name", "route"), ALL, ids=[name for name, _ in ALL])


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def address(world: World, name: str, route: URLPattern) -> str:
    """The route's address with values that exist where the guards stand before the look-up."""
    request = world.demo.requests[0]
    certificate = next(row.certificate for row in world.demo.requests if row.certificate)
    in_register = name.startswith("certificates") or name == "api:get_registered"
    values = {
        "code": certificate.code if name.startswith(("certificates", "api")) else "DEMO",
        "edition": "A303",
        "form": "A303-pd-certificate@1",
        "size": "a4",
        "number": certificate.number if in_register else request.number,
        "act": "suspend",
        "event": "request_filed",
        "group": world.demo.group.pk,
        "pk": world.demo.group.pk,
        "completion": world.demo.free[0].pk,
        "rest": "nothing",
    }
    wanted = route.pattern.converters
    return reverse(name, kwargs={key: values[key] for key in wanted})


def knock(client: Client, where: str) -> list[tuple[int, str]]:
    """What reading and writing are answered."""
    answers = (client.get(where), client.post(where))
    return [(answer.status_code, answer.headers.get("Location", "")) for answer in answers]


def test_there_are_routes_to_guard() -> None:
    assert len(ALL) > 25
    assert len(STAFF) > 20
    assert len(PROGRAMS) > 8
    assert OWN


@each_route
def test_every_route_states_its_permission(name: str, route: URLPattern) -> None:
    permission = permission_of(route.callback)
    stated = permission in (PUBLIC, SIGNED_IN, APPLICANT, PROGRAM)
    roles = isinstance(permission, frozenset) and permission and permission <= PEOPLE
    assert stated or roles, f"{route.pattern} states no permission"


@each_route
def test_every_route_has_a_name(name: str, route: URLPattern) -> None:
    assert route.name


def leads_to(page: str, client: Client, world: World, routes: list[Route]) -> None:
    """Reading and writing at each of ``routes`` is answered by the way to ``page``."""
    for name, route in routes:
        for status, where in knock(client, address(world, name, route)):
            assert (status, where.startswith(reverse(page) + "?")) == (302, True), name


def test_a_stranger_is_led_from_every_closed_page_to_the_sign_in(world: World) -> None:
    open_to_others = (PUBLIC, PROGRAM)
    closed = [route for route in ALL if permission_of(route[1].callback) not in open_to_others]
    leads_to("signatures:enter", Client(), world, OWN)
    leads_to("accounts:login", Client(), world, [route for route in closed if route not in OWN])


def test_an_applicant_is_led_from_every_page_of_staff_to_their_sign_in(world: World) -> None:
    applicant = open_cabinet(Client(), world.demo.requests[0].person)
    leads_to("accounts:login", applicant, world, STAFF)


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_staff_are_led_from_every_page_of_applicants_to_the_ways_of_entering(
    world: World, role: Role
) -> None:
    leads_to("signatures:enter", sign_in(Client(), person(world, role)), world, OWN)


def test_a_password_alone_leads_from_every_staff_page_to_the_second_factor(world: World) -> None:
    client = Client()
    client.force_login(
        world.demo.staff[Role.REGISTRAR], backend="django.contrib.auth.backends.ModelBackend"
    )
    leads_to("accounts:second_factor", client, world, STAFF)


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_a_role_that_a_page_does_not_name_is_refused_there_and_only_there(
    world: World, role: Role, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.guards.plain_refusals"
    client = sign_in(Client(), person(world, role))
    for name, route in STAFF:
        may = role in (permission_of(route.callback) or ())
        where = address(world, name, route)
        refused = [status == 403 for status, _ in knock(client, where)]
        assert refused == [not may, not may], name


def person(world: World, role: Role) -> User:
    """Somebody with this role alone; of the first provider where the world has one."""
    if role in world.demo.staff:
        return world.demo.staff[role]
    return enrol(f"only-{role}", None, role, now=world.now)


def test_without_a_token_no_call_of_a_program_is_answered_whoever_comes(world: World) -> None:
    people = [Client(), open_cabinet(Client(), world.demo.requests[0].person)]
    people += [sign_in(Client(), person(world, role)) for role in sorted(PEOPLE)]
    for name, route in PROGRAMS:
        for client in people:
            statuses = {status for status, _ in knock(client, address(world, name, route))}
            assert statuses <= {401, 405, 415}, name
            assert 401 in statuses or 415 in statuses, name


def test_nothing_keeps_the_answer_of_a_closed_page(world: World) -> None:
    registrar = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    applicant = open_cabinet(Client(), world.demo.requests[0].person)
    for name, route in ALL:
        if permission_of(route.callback) == PUBLIC:
            continue
        where = address(world, name, route)
        for client in (Client(), registrar, applicant):
            assert "no-store" in client.get(where).headers["Cache-Control"], name


def test_an_iin_in_an_address_is_not_carried_to_the_sign_in(db: None) -> None:
    for typed in ("850315300123", "850315 300 123"):
        answer = Client().get(reverse("cases:requests"), {"text": typed, "state": "issued"})
        assert answer.headers["Location"] == f"{reverse('accounts:login')}?next=/office/requests/"
    kept = Client().get(reverse("cases:requests"), {"text": "DEMO", "state": "issued"})
    assert "state%3Dissued" in kept.headers["Location"]
