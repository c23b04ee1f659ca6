"""Keys of GOST 34.10-2015 and 34.310-2004 in the byte order of Kazakhstan.

A public key is x ‖ y and a signature r ‖ s, every number little-endian: the mirror image of the
value of RFC 9215. A digest is taken as a little-endian number.
"""

import hashlib
from dataclasses import dataclass, field

from kualik.signatures.adapters.gost.curves import (
    CRYPTO_PRO_A,
    PARAM_SET_256_A,
    PARAM_SET_512_A,
    Curve,
    Point,
)
from kualik.signatures.adapters.gost.schemes import (
    GOST_2004,
    GOST_2015_256,
    GOST_2015_512,
    SIGNATURE_OIDS,
    GostError,
    GostScheme,
    digest_for,
)
from kualik.signatures.adapters.gost.spki import read_key_info, write_key_info

_CURVES: dict[GostScheme, Curve] = {
    GOST_2015_512: PARAM_SET_512_A,
    GOST_2015_256: PARAM_SET_256_A,
    GOST_2004: CRYPTO_PRO_A,
}


@dataclass(frozen=True, slots=True)
class GostPublicKey:
    """A point of the scheme's curve. Raises GostError ``gost_point_invalid`` for any other."""

    scheme: GostScheme
    point: Point

    def __post_init__(self) -> None:
        if not _CURVES[self.scheme].holds(self.point):
            raise GostError("gost_point_invalid")

    @property
    def spki_der(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        size = self.scheme.key_bits // 8
        return write_key_info(self.scheme, b"".join(_bytes(number, size) for number in self.point))

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``digest``; a wrong length is a plain no."""
        size = self.scheme.key_bits // 8
        if len(digest) != size or len(signature) != 2 * size:
            return False
        return verify_numbers(
            _CURVES[self.scheme],
            self.point,
            number=_number(digest),
            signature=(_number(signature[:size]), _number(signature[size:])),
        )

    def verify_data(self, *, oid: str, data: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``data`` by the signature algorithm ``oid``.

        Raises GostError: ``gost_algorithm_unknown``, ``gost_key_mismatch`` when the algorithm
        asks for a key of another kind.
        """
        scheme = SIGNATURE_OIDS.get(oid)
        if scheme is None:
            raise GostError("gost_algorithm_unknown")
        if scheme != self.scheme:
            raise GostError("gost_key_mismatch")
        return self.verify(digest_for(oid, data), signature)


@dataclass(frozen=True, slots=True)
class GostPrivateKey:
    """A signing key for the test authority and the simulators only: not for real signatures.

    The time signing takes depends on the secret, and the secret lies in ordinary memory. The same
    key and digest always give the same signature. Raises GostError ``gost_point_invalid`` when the
    secret is not between 1 and the order of the curve.
    """

    scheme: GostScheme
    secret: int = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.secret < _CURVES[self.scheme].q:
            raise GostError("gost_point_invalid")

    @classmethod
    def derive(cls, *, oid: str, seed: bytes) -> "GostPrivateKey":
        """The key that a seed stands for, for the signature algorithm ``oid``.

        Raises GostError ``gost_algorithm_unknown``.
        """
        scheme = SIGNATURE_OIDS.get(oid)
        if scheme is None:
            raise GostError("gost_algorithm_unknown")
        return cls(scheme, _scalar(_CURVES[scheme], b"key", scheme.key_oid.encode(), seed))

    def public_key(self) -> GostPublicKey:
        """The key others check with."""
        curve = _CURVES[self.scheme]
        point = curve.sum_of((self.secret, curve.base))
        if point is None:
            raise GostError("gost_point_invalid")
        return GostPublicKey(self.scheme, point)

    @property
    def spki_der(self) -> bytes:
        """The SubjectPublicKeyInfo of the public key."""
        return self.public_key().spki_der

    def sign(self, digest: bytes) -> bytes:
        """The signature r ‖ s over a digest of the scheme's hash.

        The nonce is drawn from the secret and the digest by SHAKE-256. Raises GostError
        ``gost_digest_length``.
        """
        size = self.scheme.key_bits // 8
        if len(digest) != size:
            raise GostError("gost_digest_length")
        curve, secret = _CURVES[self.scheme], _bytes(self.secret, size)
        for attempt in range(256):
            nonce = _scalar(curve, b"nonce", secret, digest, bytes((attempt,)))
            r, s = sign_numbers(curve, self.secret, number=_number(digest), nonce=nonce)
            if r and s:
                return _bytes(r, size) + _bytes(s, size)
        raise GostError("gost_point_invalid")

    def sign_data(self, data: bytes) -> bytes:
        """The signature over the digest of ``data``."""
        return self.sign(digest_for(self.scheme.signature_oid, data))


def read_public_key(spki_der: bytes) -> GostPublicKey:
    """The key of a SubjectPublicKeyInfo.

    Raises GostError: ``gost_key_unreadable``, ``gost_algorithm_unknown``, ``gost_curve_unknown``,
    ``gost_point_invalid``.
    """
    scheme, point = read_key_info(spki_der)
    size = scheme.key_bits // 8
    if len(point) != 2 * size:
        raise GostError("gost_key_unreadable")
    return GostPublicKey(scheme, (_number(point[:size]), _number(point[size:])))


def verify_numbers(curve: Curve, point: Point, *, number: int, signature: tuple[int, int]) -> bool:
    """The check of GOST 34.10 on bare numbers: ``number`` is the digest, ``signature`` (r, s)."""
    r, s = signature
    if not (0 < r < curve.q and 0 < s < curve.q):
        return False
    inverse = pow(number % curve.q or 1, -1, curve.q)
    found = curve.sum_of((s * inverse % curve.q, curve.base), (-r * inverse % curve.q, point))
    return found is not None and found[0] % curve.q == r


def sign_numbers(curve: Curve, secret: int, *, number: int, nonce: int) -> tuple[int, int]:
    """The signature (r, s) of GOST 34.10 on bare numbers; when either is 0 another nonce is due."""
    point = curve.sum_of((nonce, curve.base))
    r = point[0] % curve.q if point else 0
    return r, (r * secret + nonce * (number % curve.q or 1)) % curve.q


def _scalar(curve: Curve, *parts: bytes) -> int:
    """A number from 1 to q - 1 that the parts stand for; twice the length makes it even spread."""
    drawn = hashlib.shake_256(b"".join(len(part).to_bytes(4, "big") + part for part in parts))
    return int.from_bytes(drawn.digest(2 * curve.size), "big") % (curve.q - 1) + 1


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _bytes(number: int, size: int) -> bytes:
    return number.to_bytes(size, "little")
