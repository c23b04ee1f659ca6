"""Requests that the machine decided, and requests in every state, to be followed."""

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import Decider, approve_as
from kualik.cases.services.deciding_alone import grounds_of
from kualik.cases.services.filing import Filing, file_requests
from kualik.core.journal import SYSTEM
from kualik.rules.lifecycle import Role
from tests.world import House, World, issue


def file_web(house: House, *, world: World, filed_at: object = None) -> Request:
    """A request that a person filed on the site just now."""
    (request,) = file_requests(
        provider=house.provider,
        filings=[Filing(completion=house.free[0])],
        channel=Request.Channel.WEB,
        filed_at=filed_at or world.now,
        actor=SYSTEM,
        now=world.now,
    )
    house.requests.append(request)
    return request


def decided_by_machine(house: House, *, world: World) -> Request:
    """A request that the machine approved, and its document."""
    request = file_web(house, world=world)
    assert request.completion is not None
    grounds = grounds_of(request, request.completion, level="otp")
    approve_as(Decider(SYSTEM, Role.SYSTEM), requests=[request], now=world.now, grounds=grounds)
    issue(house, request, now=world.now)
    return Request.objects.get(pk=request.pk)


def staff(world: World, role: Role) -> User:
    """Somebody of the first provider."""
    return world.demo.staff[role]
