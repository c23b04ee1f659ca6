"""What the description promises is what happens, tried with values that fit and that do not."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from kualik.config.api import described
from kualik.core.models import Miss
from tests.calling import caller_of
from tests.world import World

# What fits the description may still be refused by a rule of the service (422), such as a check
# digit, be called too often (429), or be known to the caller already (304).
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"mode": "all"},
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "304", "401", "403", "404", "409", "422", "429"]
            }
        },
    }
)
SIGNALS = (request_started, request_finished)
program = get_wsgi_application()


def plain(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The program, asked for answers that are not compressed: the one who asks cannot read them."""
    environ.pop("HTTP_ACCEPT_ENCODING", None)
    answer: Iterable[bytes] = program(environ, start_response)
    return answer


@pytest.fixture
def kept_connection(world: World) -> Iterator[None]:
    """The connection of the test outlives a call, as Django's own client has it."""
    for signal in SIGNALS:
        signal.disconnect(close_old_connections)
    yield
    for signal in SIGNALS:
        signal.connect(close_old_connections)


schema = schemathesis.openapi.from_dict(dict(described()), config=CONFIG)
schema.app = plain


@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    # No call needs the world as it was before the one before.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_call_keeps_the_description(world: World, kept_connection: None, case: Case) -> None:
    secret = caller_of(world.demo.provider).secret
    # The limits have tests of their own; here each case meets a house that nobody knocked at.
    Miss.objects.all().delete()
    if case.headers is None or "Authorization" in case.headers:
        # A case that leaves the token out on purpose goes without.
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}"}
    case.call_and_validate()
