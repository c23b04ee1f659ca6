"""Digests and signatures by their object identifiers: RSA, ECDSA and the GOST of Kazakhstan."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kualik.signatures.adapters import gost
from kualik.signatures.adapters.asn1 import PARSER_ERRORS

RSA_BITS_LEAST: Final = 2048
RSA_BITS_MOST: Final = 8192
RSA: Final = "1.2.840.113549.1.1.1"
RSA_PSS: Final = "1.2.840.113549.1.1.10"
SHA1: Final = "1.3.14.3.2.26"
ABSENT_OR_NULL: Final = (b"", b"\x05\x00")

_SHA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "2.16.840.1.101.3.4.2.1": "sha256",
        "2.16.840.1.101.3.4.2.2": "sha384",
        "2.16.840.1.101.3.4.2.3": "sha512",
    }
)
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType(
    {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
)
_RSA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.2.840.113549.1.1.11": "sha256",
        "1.2.840.113549.1.1.12": "sha384",
        "1.2.840.113549.1.1.13": "sha512",
    }
)
_ECDSA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.2.840.10045.4.3.2": "sha256",
        "1.2.840.10045.4.3.3": "sha384",
        "1.2.840.10045.4.3.4": "sha512",
    }
)
_GOST_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        gost.GOST_2015_512.signature_oid: "GOST3410-2015-512",
        gost.GOST_2015_256.signature_oid: "GOST3410-2015-256",
        gost.GOST_2004.signature_oid: "GOST34310-2004",
    }
)


class AlgorithmError(ValueError):
    """``code``: ``algorithm_unsupported`` (unknown or too weak), ``algorithm_mismatch`` (the
    parts of a signature name different algorithms) or ``key_unreadable``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier; ``parameters`` is their DER, empty when there are none."""

    oid: str
    parameters: bytes = b""


def digest(oid: str, data: bytes) -> bytes:
    """The digest of ``data``. SHA-1 and older ones raise AlgorithmError."""
    if oid in _SHA:
        return hashlib.new(_SHA[oid], data).digest()
    if oid in gost.HASH_OIDS:
        return gost.digest_for(oid, data)
    raise AlgorithmError("algorithm_unsupported")


class Content:
    """A document and its digests, each computed once: plain Python takes seconds a megabyte for
    the GOST ones, and every signer asks."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._digests: dict[str, bytes] = {}

    def digest(self, oid: str) -> bytes:
        """As ``digest``; raises AlgorithmError."""
        if oid not in self._digests:
            self._digests[oid] = digest(oid, self.data)
        return self._digests[oid]


def name_of(algorithm: Algorithm, digest_oid: str = "") -> str:
    """What people call the signature algorithm; the identifier itself where unknown."""
    if algorithm.oid in _GOST_NAMES:
        return _GOST_NAMES[algorithm.oid]
    if algorithm.oid in _ECDSA:
        return f"ECDSA-{_ECDSA[algorithm.oid].upper()}"
    hash_name = _RSA.get(algorithm.oid) or _SHA.get(digest_oid or _pss_hash(algorithm))
    if hash_name and algorithm.oid in {*_RSA, RSA, RSA_PSS}:
        kind = "RSA-PSS" if algorithm.oid == RSA_PSS else "RSA"
        return f"{kind}-{hash_name.upper()}"
    return algorithm.oid


def pss_of(hash_name: str) -> Algorithm:
    """RSASSA-PSS with one hash throughout and a salt of its length."""
    named = {"algorithm": hash_name}
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": named,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": named},
            "salt_length": _HASHES[hash_name].digest_size,
        }
    )
    return Algorithm(RSA_PSS, parameters.dump())


def family_of(oid: str) -> str:
    """``rsa``, ``ecdsa``, or the identifier itself: signatures that one kind of key can make."""
    if oid in {*_RSA, RSA, RSA_PSS}:
        return "rsa"
    return "ecdsa" if oid in _ECDSA else oid


def verifies(
    *,
    spki_der: bytes,
    algorithm: Algorithm,
    data: bytes | Content,
    signature: bytes,
    digest_oid: str = "",
) -> bool:
    """Whether ``signature`` over ``data`` is by the key of this SubjectPublicKeyInfo.

    ``digest_oid`` is the digest that a CMS signer names beside the algorithm. Raises
    AlgorithmError when the question itself cannot be answered.
    """
    signed = data if isinstance(data, Content) else Content(data)
    if algorithm.oid in gost.SIGNATURE_OIDS:
        return _verifies_gost(spki_der, algorithm, signed, signature, digest_oid)
    hash_name, padding = _scheme(algorithm, digest_oid)
    try:
        key = load_der_public_key(spki_der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AlgorithmError("key_unreadable") from error
    try:
        if isinstance(key, rsa.RSAPublicKey) and padding is not None:
            if not RSA_BITS_LEAST <= key.key_size <= RSA_BITS_MOST:
                raise AlgorithmError("algorithm_unsupported")
            key.verify(signature, signed.data, padding, _HASHES[hash_name])
        elif isinstance(key, ec.EllipticCurvePublicKey) and padding is None:
            key.verify(signature, signed.data, ec.ECDSA(_HASHES[hash_name]))
        else:
            raise AlgorithmError("algorithm_mismatch")
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm as error:
        raise AlgorithmError("algorithm_unsupported") from error
    return True


def _verifies_gost(
    spki_der: bytes, algorithm: Algorithm, data: Content, signature: bytes, digest_oid: str
) -> bool:
    scheme = gost.SIGNATURE_OIDS[algorithm.oid]
    if algorithm.parameters not in ABSENT_OR_NULL or (digest_oid and digest_oid != scheme.hash_oid):
        raise AlgorithmError("algorithm_mismatch")
    try:
        key = gost.read_public_key(spki_der)
    except gost.GostError as error:
        raise AlgorithmError("key_unreadable") from error
    if key.scheme != scheme:
        raise AlgorithmError("algorithm_mismatch")
    return key.verify(data.digest(scheme.hash_oid), signature)


def _scheme(algorithm: Algorithm, digest_oid: str) -> tuple[str, PKCS1v15 | PSS | None]:
    """The hash and the padding, None for ECDSA."""
    if algorithm.oid == RSA_PSS:
        return _pss(algorithm, digest_oid)
    if algorithm.parameters not in ABSENT_OR_NULL:
        raise AlgorithmError("algorithm_mismatch")
    named = _SHA.get(digest_oid, "")
    if algorithm.oid == RSA and named:
        return named, PKCS1v15()
    hash_name = _RSA.get(algorithm.oid) or _ECDSA.get(algorithm.oid)
    if hash_name is None:
        raise AlgorithmError("algorithm_unsupported")
    if digest_oid and named != hash_name:
        raise AlgorithmError("algorithm_mismatch")
    return hash_name, PKCS1v15() if algorithm.oid in _RSA else None


def _pss_hash(algorithm: Algorithm) -> str:
    """The hash that the parameters of RSASSA-PSS name, or an empty text."""
    if algorithm.oid != RSA_PSS:
        return ""
    try:
        parameters = algos.RSASSAPSSParams.load(algorithm.parameters, strict=True)
        return str(parameters["hash_algorithm"]["algorithm"].dotted)
    except PARSER_ERRORS:
        return ""


def _pss(algorithm: Algorithm, digest_oid: str) -> tuple[str, PSS]:
    try:
        parameters = algos.RSASSAPSSParams.load(algorithm.parameters, strict=True)
        outer = parameters["hash_algorithm"]["algorithm"].dotted
        mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].dotted
        salt = int(parameters["salt_length"].native)
        trailer = int(parameters["trailer_field"])
    except PARSER_ERRORS as error:
        raise AlgorithmError("algorithm_unsupported") from error
    if outer not in _SHA or not 0 <= salt <= RSA_BITS_MOST // 8 or trailer != 1:
        raise AlgorithmError("algorithm_unsupported")
    if mask != outer or (digest_oid and digest_oid != outer):
        raise AlgorithmError("algorithm_mismatch")
    return _SHA[outer], PSS(MGF1(_HASHES[_SHA[outer]]), salt)
