"""How a setting names a carrier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAddress:
    """A carrier as a setting names it: ``scheme://user:secret@host:port/?option=value``."""

    scheme: str
    user: str
    secret: str = field(repr=False)
    host: str
    port: int
    options: Mapping[str, str] = field(repr=False)

    @property
    def sender(self) -> str:
        """The name or number that people see as the sender."""
        return self.options.get("sender", "")


def parse_address(text: str) -> CarrierAddress:
    """Read the setting; an empty host or a port of 0 means the carrier's own.

    Raises ValueError, which never names the secret.
    """
    parts = urlsplit(text)
    if not parts.scheme or not parts.netloc:
        raise ValueError("write scheme://user:secret@host:port/?option=value")
    try:
        port = parts.port or 0
    except ValueError:
        raise ValueError("the port is not a number") from None
    return CarrierAddress(
        scheme=parts.scheme,
        user=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        host=parts.hostname or "",
        port=port,
        options=dict(parse_qsl(parts.query)),
    )
