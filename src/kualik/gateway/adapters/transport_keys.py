"""What a message is signed with, wherever the key lies."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol, runtime_checkable

from cryptography.hazmat.primitives.serialization import Encoding

from kualik.signatures.adapters.keys import SealingKey
from kualik.signatures.adapters.test_authority import Leaf
from kualik.signatures.adapters.xml_signatures import ENCRYPTION, MORE, PKIGOVKZ

RSA_SIGNATURE: Final = f"{MORE}rsa-sha256"
RSA_DIGEST: Final = f"{ENCRYPTION}sha256"
GOST_SIGNATURE: Final = f"{PKIGOVKZ}gostr34102015-gostr34112015-512"
GOST_DIGEST: Final = f"{PKIGOVKZ}gostr34112015-512"
OLD_GOST_SIGNATURE: Final = f"{MORE}gost34310-gost34311"
OLD_GOST_DIGEST: Final = f"{MORE}gost34311"


@runtime_checkable
class TransportKey(Protocol):
    """A key that signs bytes. The methods are addresses of algorithms."""

    @property
    def certificate_der(self) -> bytes:
        """The key's certificate."""

    @property
    def signature_method(self) -> str:
        """The address of the algorithm of ``sign``."""

    @property
    def digest_method(self) -> str:
        """The address of the algorithm of ``digest``."""

    def digest(self, data: bytes) -> bytes:
        """The digest that goes with the key."""

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data`` itself, not over its digest."""


@runtime_checkable
class DocumentSigner(Protocol):
    """A service that signs whole documents and gives no signature over bytes."""

    @property
    def certificate_der(self) -> bytes:
        """The key's certificate."""

    def sign_envelope(self, envelope: bytes) -> bytes:
        """The envelope with the header of the transport."""

    def sign_document(self, xml: str) -> str:
        """The document with an enveloped signature."""


Key = TransportKey | DocumentSigner


@dataclass(frozen=True)
class LeafKey:
    """A key of a test authority, RSA or GOST 2015."""

    leaf: Leaf

    @property
    def certificate_der(self) -> bytes:
        return self.leaf.certificate_der

    @property
    def signature_method(self) -> str:
        return self.leaf.key.suite.xml_signature

    @property
    def digest_method(self) -> str:
        return self.leaf.key.suite.xml_digest

    def digest(self, data: bytes) -> bytes:
        return self.leaf.key.suite.digest(data)

    def sign(self, data: bytes) -> bytes:
        return self.leaf.key.sign(data)


@dataclass(frozen=True)
class StoreKey:
    """An RSA key of this installation: a PKCS#12 store, or a token."""

    key: SealingKey

    @cached_property
    def certificate_der(self) -> bytes:
        return self.key.certificate.public_bytes(Encoding.DER)

    @property
    def signature_method(self) -> str:
        return RSA_SIGNATURE

    @property
    def digest_method(self) -> str:
        return RSA_DIGEST

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)
