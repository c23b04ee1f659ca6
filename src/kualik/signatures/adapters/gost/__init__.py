"""GOST of Kazakhstan in plain Python: hashes, keys, checking and, for tests, signing.

Sources: RFC 6986 (Streebog), RFC 5831 (34.11-94), RFC 7091 (signature), RFC 7836 and RFC 4357
(curves); the byte order is that of certificates of the National Certification Authority.
"""

from kualik.signatures.adapters.gost.hash94 import gost_hash_94
from kualik.signatures.adapters.gost.hash2015 import streebog
from kualik.signatures.adapters.gost.keys import GostPrivateKey, GostPublicKey, read_public_key
from kualik.signatures.adapters.gost.schemes import (
    GOST_2004,
    GOST_2015_256,
    GOST_2015_512,
    HASH_OIDS,
    KEY_OIDS,
    SIGNATURE_OIDS,
    GostError,
    GostScheme,
    digest_for,
)

__all__ = [
    "GOST_2004",
    "GOST_2015_256",
    "GOST_2015_512",
    "HASH_OIDS",
    "KEY_OIDS",
    "SIGNATURE_OIDS",
    "GostError",
    "GostPrivateKey",
    "GostPublicKey",
    "GostScheme",
    "digest_for",
    "gost_hash_94",
    "read_public_key",
    "streebog",
]
