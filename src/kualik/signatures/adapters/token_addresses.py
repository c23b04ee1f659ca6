"""Addresses of keys in tokens: the part of RFC 7512 that names a token and an object in it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from kualik.rules.errors import RuleViolation

SCHEME: Final = "pkcs11:"
OF_TOKEN: Final = ("token", "manufacturer", "model", "serial")
OF_OBJECT: Final = ("object", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAddress:
    """One RSA key in a token; an empty part is not asked for.

    ``token``, ``manufacturer``, ``model`` and ``serial`` are the token's own words, ``object`` is
    the label of the key and ``id`` its CKA_ID.
    """

    token: str = ""
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    object: str = ""
    id: bytes = b""

    def __str__(self) -> str:
        """The address in its one spelling."""
        parts = [(name, getattr(self, name).encode()) for name in (*OF_TOKEN, "object")]
        written = [f"{name}={quote(value, safe='')}" for name, value in parts if value]
        if self.id:
            written.append("id=" + "".join(f"%{byte:02X}" for byte in self.id))
        return SCHEME + ";".join(written)


def is_token_address(store: str) -> bool:
    """Whether a store is a key in a token rather than a file."""
    return store.startswith(SCHEME)


def read_address(store: str) -> TokenAddress:
    """The key that ``store`` names.

    A PIN or a library in the address is refused: they belong to the settings. Raises
    ``token_address_invalid``.
    """
    parts: dict[str, bytes] = {}
    for part in store.removeprefix(SCHEME).split(";"):
        name, is_pair, value = part.partition("=")
        if not is_pair or not value or name in parts or not set("?#/&").isdisjoint(value):
            raise RuleViolation("token_address_invalid")
        parts[name] = unquote_to_bytes(value)
    is_private = parts.pop("type", b"private") == b"private"
    if not is_token_address(store) or not is_private or not _is_enough(set(parts)):
        raise RuleViolation("token_address_invalid")
    identifier = parts.pop("id", b"")
    try:
        texts = {name: value.decode() for name, value in parts.items()}
    except UnicodeDecodeError as error:
        raise RuleViolation("token_address_invalid") from error
    return TokenAddress(**texts, id=identifier)


def _is_enough(names: set[str]) -> bool:
    """Whether only known parts are there, one that names a token and one that names a key."""
    return names <= {*OF_TOKEN, *OF_OBJECT} and all(
        not names.isdisjoint(part) for part in (("token", "serial"), OF_OBJECT)
    )
