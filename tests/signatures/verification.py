"""Trust and answers for tests of verification, and the national samples read in place."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from kualik.signatures.adapters.asn1 import as_der, unarmoured
from kualik.signatures.adapters.test_authority import Leaf, Revocation, Scheme, sign_cms
from kualik.signatures.adapters.trust import TrustDirectory, open_trust, trust_of
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.verdicts import SignerVerdict, Verification
from tests.signatures.authorities import NOW, authority, individual

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("KUALIK_SHARED", ROOT.parent / "shared")) / "fixtures"
CONTENT = "Тестовый документ".encode()
SIGNED_AT = NOW - timedelta(hours=2)
FAST = [Scheme.RSA, Scheme.GOST512]


def kept(name: str) -> bytes:
    """A file of the national test data as it is; the test is skipped where it is absent."""
    path = FIXTURES / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    return path.read_bytes()


def kept_der(name: str) -> bytes:
    return as_der(unarmoured(kept(name)))


@cache
def kept_trust(*folders: str) -> TrustDirectory:
    """The trust of one folder of the national test data, or the certificates of several."""
    for folder in folders:
        if not (FIXTURES / folder).is_dir():
            pytest.skip(f"{folder} is not here")
    if len(folders) == 1:
        return open_trust(FIXTURES / folders[0])
    files = [path for folder in folders for path in sorted((FIXTURES / folder).glob("*.c[er][rt]"))]
    return trust_of(as_der(unarmoured(path.read_bytes())) for path in files)


@cache
def trust(
    *schemes: Scheme, with_list: bool = True, revoked: tuple[tuple[int, datetime], ...] = ()
) -> TrustDirectory:
    """Roots, issuing authorities and, unless told otherwise, a fresh list of each."""
    hierarchies = [authority(scheme) for scheme in schemes]
    entries = {serial: Revocation(at=at) for serial, at in revoked}
    made_at = NOW - timedelta(minutes=1)
    return trust_of(
        (member.certificate_der for made in hierarchies for member in (made.root, made.issuing)),
        crls=[made.crl(entries, now=made_at) for made in hierarchies] if with_list else (),
    )


def signed(
    leaves: Sequence[Leaf],
    *,
    content: bytes = CONTENT,
    detached: bool = False,
    signing_time: datetime | None = SIGNED_AT,
    **asked: bool,
) -> bytes:
    return sign_cms(
        leaves=leaves, content=content, detached=detached, signing_time=signing_time, **asked
    )


@cache
def sample(scheme: Scheme) -> bytes:
    """An attached signature of a person."""
    return signed([individual(scheme)])


def verified(
    signature: bytes,
    believed: TrustDirectory,
    *,
    document: bytes | None = None,
    at: datetime | None = None,
    now: datetime = NOW,
) -> Verification:
    return verify_cms(signature=signature, document=document, trust=believed, at=at, now=now)


def only(found: Verification) -> SignerVerdict:
    (signer,) = found.signers
    return signer


def codes(found: Verification | SignerVerdict) -> set[str]:
    """Every code of the answer."""
    if isinstance(found, SignerVerdict):
        return {reason.code for reason in found.reasons}
    every: Iterable[set[str]] = (codes(signer) for signer in found.signers)
    return {reason.code for reason in found.reasons}.union(*every)


def flipped(data: bytes, position: int, mask: int = 1) -> bytes:
    """The same bytes with one changed."""
    changed = bytearray(data)
    changed[position] ^= mask
    return bytes(changed)
