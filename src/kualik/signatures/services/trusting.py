"""Opening what is believed for a verification."""

from collections.abc import Collection
from pathlib import Path

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.trust import TrustDirectory, TrustError, open_trust


def trust_in(directory: Path | None, *, pins: Collection[str] | None = None) -> TrustDirectory:
    """The trust in a directory; without one nobody is trusted.

    ``pins`` are the SHA-256 (lower-case hexadecimal) of the only certificates that may be roots.
    Raises RuleViolation ``trust_unreadable``.
    """
    if directory is None:
        return TrustDirectory()
    try:
        return open_trust(directory, pins=pins)
    except TrustError as error:
        raise RuleViolation(error.code) from error
