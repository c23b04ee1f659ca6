"""Archive time-stamps, version 3, of a CMS signature: ETSI EN 319 122-1, clauses 5.5.2 and 5.5.3.

Such a time-stamp covers the document, the signature and, by an index of hashes inside its token,
every certificate, every piece of revocation data and every unsigned attribute that was there.
What is added later is not covered and does no harm.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from asn1crypto import algos, core

from kualik.signatures.adapters.algorithms import AlgorithmError, Content, digest
from kualik.signatures.adapters.asn1 import PARSER_ERRORS
from kualik.signatures.adapters.cms import SignedData, Signer
from kualik.signatures.adapters.timestamps import (
    BrokenStamp,
    Stamp,
    imprint_hash,
    open_token,
    stamp_of,
)

HASH_INDEX: Final = "0.4.0.19122.1.5"
INDEX_HASH: Final = "2.16.840.1.101.3.4.2.1"
INDEX_LIMIT: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStamp:
    """A sound archive time-stamp and which elements of the signature file it covers (DER)."""

    stamp: Stamp
    covered: frozenset[bytes]


def make_index(signed: SignedData, signer: Signer) -> bytes:
    """The index (DER, SHA-256) of everything that a time-stamp made now covers."""
    parts = [algos.DigestAlgorithm({"algorithm": INDEX_HASH}).dump()]
    for elements in _elements(signed, signer):
        hashes = [digest(INDEX_HASH, element) for element in elements]
        parts.append(core.SequenceOf(spec=core.OctetString, value=hashes).dump())
    made: bytes = core.SequenceOf(spec=core.Any, value=[core.Any.load(der) for der in parts]).dump()
    return made


def archived_bytes(
    signed: SignedData, signer: Signer, content: Content, *, oid: str, index: bytes
) -> bytes:
    """What an archive time-stamp whose hash is ``oid`` is made over. Raises AlgorithmError."""
    kind: bytes = core.ObjectIdentifier(signed.content_type).dump()
    return b"".join((kind, content.digest(oid), signer.fields, index))


def read_archive_stamp(
    token: bytes, signed: SignedData, signer: Signer, content: Content
) -> ArchiveStamp:
    """The archive time-stamp of one signer. Raises BrokenStamp, also where something that it
    covers is not in the file any more."""
    opened = open_token(token)
    found = opened.signers[0].unsigned.get(HASH_INDEX, ())
    if len(found) != 1:
        raise BrokenStamp("timestamp_unsupported")
    (index,) = found
    oid = imprint_hash(opened)
    try:
        covered = frozenset(_covered(index, oid, _elements(signed, signer)))
        stamped = archived_bytes(signed, signer, content, oid=oid, index=index)
    except BrokenStamp:
        raise
    except AlgorithmError as error:
        raise BrokenStamp("timestamp_unsupported") from error
    except PARSER_ERRORS as error:
        raise BrokenStamp("timestamp_broken") from error
    return ArchiveStamp(stamp=stamp_of(opened, stamped), covered=covered)


def _elements(signed: SignedData, signer: Signer) -> tuple[tuple[bytes, ...], ...]:
    """What an index is made over, in its order."""
    return signed.certificate_choices, signed.revocation_choices, tuple(_attributes(signer))


def _attributes(signer: Signer) -> Iterator[bytes]:
    """The unsigned attributes value by value: what the index hashes is the kind and the value."""
    for oid, values in signer.unsigned.items():
        kind = core.ObjectIdentifier(oid).dump()
        yield from (kind + value for value in values)


def _covered(index: bytes, oid: str, elements: tuple[tuple[bytes, ...], ...]) -> Iterator[bytes]:
    kind, *parts = core.SequenceOf.load(index, strict=True, spec=core.Any)
    if algos.DigestAlgorithm.load(kind.dump(), strict=True)["algorithm"].dotted != oid:
        raise BrokenStamp("timestamp_unsupported")
    for part, present in zip(parts, elements, strict=True):
        hashes = core.SequenceOf.load(part.dump(), strict=True, spec=core.OctetString)
        yield from _found(hashes, {digest(oid, element): element for element in present})


def _found(hashes: core.SequenceOf, known: dict[bytes, bytes]) -> Iterable[bytes]:
    if len(hashes) > INDEX_LIMIT:
        raise BrokenStamp("timestamp_unsupported")
    for item in hashes:
        element = known.get(item.native)
        if element is None:
            raise BrokenStamp("timestamp_differs")
        yield element
