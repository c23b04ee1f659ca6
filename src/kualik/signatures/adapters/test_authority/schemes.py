"""The kinds of keys of the test authority and the identifiers that go with each."""

import enum
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from asn1crypto import algos, core
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from kualik.signatures.adapters.gost import GostPrivateKey, digest_for

RSA_BITS = 2048
SEED_BYTES = 32
PKIGOVKZ = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"


class Scheme(enum.StrEnum):
    """RSA-2048 with SHA-256, or GOST 34.10-2015 with Streebog of the same length."""

    RSA = "rsa"
    GOST512 = "gost512"
    GOST256 = "gost256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Object identifiers and XML names of a scheme; ``stamp_policy`` is the NCA's for its TSA."""

    scheme: Scheme
    label: str
    signature_oid: str
    hash_oid: str
    stamp_policy: str
    xml_signature: str
    xml_digest: str

    def signature_algorithm(self) -> algos.SignedDigestAlgorithm:
        """The signature's algorithm identifier; its parameters are NULL in every scheme."""
        return algos.SignedDigestAlgorithm(
            {"algorithm": self.signature_oid, "parameters": core.Null()}
        )

    def digest_algorithm(self) -> algos.DigestAlgorithm:
        """The hash's algorithm identifier, with NULL parameters as the NCA writes it."""
        return algos.DigestAlgorithm({"algorithm": self.hash_oid, "parameters": core.Null()})

    def digest(self, content: bytes) -> bytes:
        """The hash of ``content`` in its ordinary byte order."""
        if self.scheme is Scheme.RSA:
            return hashlib.sha256(content).digest()
        return digest_for(self.hash_oid, content)


class SigningKey(Protocol):
    """A private key held in memory."""

    @property
    def suite(self) -> Suite:
        """The scheme's identifiers."""

    @property
    def spki_der(self) -> bytes:
        """The public key as certificates hold it."""

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message`` (not of its hash), as certificates and CMS hold it."""

    def private_bytes(self) -> bytes:
        """The key for a file, read back by ``read_key``."""


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA key."""

    private: rsa.RSAPrivateKey

    @property
    def suite(self) -> Suite:
        return SUITES[Scheme.RSA]

    @property
    def spki_der(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, PKCS1v15(), SHA256())

    def private_bytes(self) -> bytes:
        return self.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class GostKey:
    """A GOST 34.10-2015 key, kept as the seed it is derived from."""

    suite: Suite
    private: GostPrivateKey
    spki_der: bytes
    seed: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(self.suite.digest(message))

    def private_bytes(self) -> bytes:
        return self.seed


SUITES: Mapping[Scheme, Suite] = {
    Scheme.RSA: Suite(
        scheme=Scheme.RSA,
        label="RSA",
        signature_oid="1.2.840.113549.1.1.11",
        hash_oid="2.16.840.1.101.3.4.2.1",
        stamp_policy="1.2.398.3.3.2.6.2",
        xml_signature="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        xml_digest="http://www.w3.org/2001/04/xmlenc#sha256",
    ),
    Scheme.GOST512: Suite(
        scheme=Scheme.GOST512,
        label="GOST 512",
        signature_oid="1.2.398.3.10.1.1.2.3.2",
        hash_oid="1.2.398.3.10.1.3.3",
        stamp_policy="1.2.398.3.3.2.6.4",
        xml_signature=f"{PKIGOVKZ}gostr34102015-gostr34112015-512",
        xml_digest=f"{PKIGOVKZ}gostr34112015-512",
    ),
    Scheme.GOST256: Suite(
        scheme=Scheme.GOST256,
        label="GOST 256",
        signature_oid="1.2.398.3.10.1.1.2.3.1",
        hash_oid="1.2.398.3.10.1.3.2",
        stamp_policy="1.2.398.3.3.2.6.4",
        xml_signature=f"{PKIGOVKZ}gostr34102015-gostr34112015-256",
        xml_digest=f"{PKIGOVKZ}gostr34112015-256",
    ),
}


def new_key(scheme: Scheme) -> SigningKey:
    """A new random key."""
    if scheme is Scheme.RSA:
        return RsaKey(rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))
    return _gost_key(scheme, secrets.token_bytes(SEED_BYTES))


@lru_cache(maxsize=64)
def read_key(scheme: Scheme, content: bytes) -> SigningKey:
    """The key that ``private_bytes`` wrote; reading an RSA key takes 40 ms, so it is kept.

    Raises ValueError for anything else.
    """
    if scheme is not Scheme.RSA:
        return _gost_key(scheme, content)
    key = load_der_private_key(content, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return RsaKey(key)


def _gost_key(scheme: Scheme, seed: bytes) -> GostKey:
    if len(seed) != SEED_BYTES:
        raise ValueError("not a seed of a GOST key")
    suite = SUITES[scheme]
    private = GostPrivateKey.derive(oid=suite.signature_oid, seed=seed)
    return GostKey(suite, private, private.spki_der, seed)
