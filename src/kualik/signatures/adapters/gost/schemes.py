"""The GOST algorithms of Kazakhstan by their object identifiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kualik.signatures.adapters.gost.hash94 import gost_hash_94
from kualik.signatures.adapters.gost.hash2015 import streebog


class GostError(ValueError):
    """A key or an algorithm that cannot be used; ``code`` is stable.

    Codes: ``gost_algorithm_unknown``, ``gost_key_unreadable``, ``gost_curve_unknown``,
    ``gost_point_invalid``, ``gost_key_mismatch``, ``gost_digest_length``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class GostScheme:
    """One kind of signature: its hash, the length of its numbers and its identifiers.

    ``hash_name`` is ``streebog-512``, ``streebog-256`` or ``gost-94``; ``key_bits`` 512 or 256.
    """

    hash_name: str
    key_bits: int
    signature_oid: str
    hash_oid: str
    key_oid: str
    curve_oid: str
    key_hash_oid: str


GOST_2015_512 = GostScheme(
    hash_name="streebog-512",
    key_bits=512,
    signature_oid="1.2.398.3.10.1.1.2.3.2",
    hash_oid="1.2.398.3.10.1.3.3",
    key_oid="1.2.398.3.10.1.1.2.2",
    curve_oid="1.2.398.3.10.1.1.2.2.1",
    key_hash_oid="1.2.398.3.10.1.3.3",
)
GOST_2015_256 = GostScheme(
    hash_name="streebog-256",
    key_bits=256,
    signature_oid="1.2.398.3.10.1.1.2.3.1",
    hash_oid="1.2.398.3.10.1.3.2",
    key_oid="1.2.398.3.10.1.1.2.1",
    curve_oid="1.2.398.3.10.1.1.2.1.1",
    key_hash_oid="1.2.398.3.10.1.3.2",
)
GOST_2004 = GostScheme(
    hash_name="gost-94",
    key_bits=256,
    signature_oid="1.2.398.3.10.1.1.1.2",
    hash_oid="1.2.398.3.10.1.3.1",
    key_oid="1.2.398.3.10.1.1.1.1",
    curve_oid="1.2.398.3.10.1.1.1.1.1",
    # A key names the parameters of the hash, not the hash itself.
    key_hash_oid="1.2.398.3.10.1.3.1.1.0",
)
SCHEMES = (GOST_2015_512, GOST_2015_256, GOST_2004)
SIGNATURE_OIDS: Mapping[str, GostScheme] = MappingProxyType(
    {scheme.signature_oid: scheme for scheme in SCHEMES}
)
HASH_OIDS: Mapping[str, GostScheme] = MappingProxyType(
    {scheme.hash_oid: scheme for scheme in SCHEMES}
    | {scheme.key_hash_oid: scheme for scheme in SCHEMES}
)
KEY_OIDS: Mapping[str, GostScheme] = MappingProxyType(
    {scheme.key_oid: scheme for scheme in SCHEMES}
)


def digest_for(oid: str, data: bytes) -> bytes:
    """The digest of ``data`` that a signature or hash with this identifier works with.

    Raises GostError ``gost_algorithm_unknown`` for any other identifier.
    """
    scheme = SIGNATURE_OIDS.get(oid) or HASH_OIDS.get(oid)
    if scheme is None:
        raise GostError("gost_algorithm_unknown")
    if scheme.hash_name == "gost-94":
        return gost_hash_94(data)
    return streebog(data, bits=scheme.key_bits)
