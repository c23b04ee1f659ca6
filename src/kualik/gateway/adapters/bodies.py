"""The body of a message of the bus, and what its sender is told where it cannot be read."""

from typing import Final

from django.http import HttpRequest

from kualik.core import bodies
from kualik.core.bodies import PATIENCE_SECONDS
from kualik.gateway.adapters.envelope.parsing import LIMIT_BYTES
from kualik.gateway.adapters.faults import TIMEOUT, TOO_LARGE, GatewayFault
from kualik.rules.errors import RuleViolation

FAULTS: Final = {"body_too_large": TOO_LARGE}


def read_body(request: HttpRequest, *, patience: float = PATIENCE_SECONDS) -> bytes:
    """The whole body. Raises GatewayFault: over 16 MiB, or not here after ``patience`` seconds."""
    try:
        return bodies.read_body(request, most=LIMIT_BYTES, patience=patience)
    except RuleViolation as violation:
        raise GatewayFault(FAULTS.get(violation.code, TIMEOUT)) from violation
