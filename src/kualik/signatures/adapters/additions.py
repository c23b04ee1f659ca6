"""What stands behind the end of a sealed PDF: nothing, lawful proof, or something else.

Stricter than the standard: pyHanko's difference analysis judges each update, but of what it lets
pass as proof only document time-stamps and a growing security store are taken. A title changed in
the metadata, an empty field or an object that nothing refers to is an alteration here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DiffResult,
    DSSCompareRule,
    FieldMDPRule,
    FormUpdatingRule,
    ModificationLevel,
    QualifiedWhitelistRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from kualik.signatures.adapters.asn1 import Asn1Error, as_der, split_first
from kualik.signatures.adapters.crl import BrokenCrl, read_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, read_ocsp
from kualik.signatures.adapters.revocation import Evidence
from kualik.signatures.adapters.timestamps import BrokenStamp, Stamp, read_stamp

PROOF: Final = ModificationLevel.LTA_UPDATES
# The library leaves these two without types.
CATALOG: Callable[[frozenset[str]], QualifiedWhitelistRule] = CatalogModificationRule
NEW_FIELDS: Callable[[], FieldMDPRule] = SigFieldCreationRule
POLICY: Final = StandardDiffPolicy(
    global_rules=[
        CATALOG(frozenset({"/AcroForm", "/DSS"})),
        DSSCompareRule().as_qualified(PROOF),
        XrefStreamRule().as_qualified(PROOF),
    ],
    form_rule=FormUpdatingRule(field_rules=[NEW_FIELDS(), SigFieldModificationRule()]),
    ignore_orphaned_objects=False,
    ignore_identical_objects=False,
)
STAMP_LIMIT: Final = 16
STORE_LIMIT: Final = 200
# A certificate with two dozen updates takes two thousand; twenty thousand are two seconds.
WORK_LIMIT: Final = 20_000
STORE_KEYS: Final = frozenset({"/Certs", "/OCSPs", "/CRLs"})
STAMP_TYPE: Final = "/DocTimeStamp"
STAMP_FORM: Final = "/ETSI.RFC3161"
TRAILER: Final = re.compile(
    rb"\s*(?:trailer)?\s*<<[^%]{0,600}>>\s*startxref\s+(\d{1,10})\s+%%EOF\n"
)


class StrangeAddition(ValueError):
    """Something other than proof was added behind the seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The security store of one revision: certificates (DER) and revocation data, unverified."""

    certificates: tuple[bytes, ...] = ()
    evidence: Evidence = Evidence()

    @property
    def parts(self) -> frozenset[bytes]:
        """Everything in it as bytes."""
        found = self.evidence
        return frozenset(
            (
                *self.certificates,
                *(response.der for response in found.responses),
                *(crl.der for crl in found.crls),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedRevision:
    """A sound document time-stamp, its token and the store that it covers."""

    stamp: Stamp
    token: bytes
    store: Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """Proof behind a seal. ``issued_bytes`` is the length of the file as it was issued;
    ``is_closed`` tells that a time-stamp covers the file to its end."""

    issued_bytes: int
    stamps: tuple[StampedRevision, ...] = ()
    store: Store = Store()
    is_closed: bool = False


def stamps_in(reader: PdfFileReader) -> list[EmbeddedPdfSignature]:
    """The document time-stamps of a file."""
    return [found for found in reader.embedded_signatures if is_stamp(found)]


def is_stamp(signature: EmbeddedPdfSignature) -> bool:
    """Whether this is a document time-stamp and no signature of anybody."""
    return bool(signature.sig_object_type == STAMP_TYPE)


def read_additions(content: bytes, seal: EmbeddedPdfSignature) -> Additions:
    """What was added to ``content`` behind the signature ``seal``, if it is proof and no more.

    Trust in the time-stamps is another question. Raises StrangeAddition; a hostile file can also
    make the parser raise anything.
    """
    if not _is_exact_gap(content, seal):
        raise StrangeAddition("the gap of the seal")
    issued_bytes = _end_of(seal)
    coverage = seal.evaluate_signature_coverage()
    if coverage == SignatureCoverageLevel.ENTIRE_FILE and issued_bytes == len(content):
        return Additions(issued_bytes=issued_bytes)
    reader = seal.reader
    stamps = stamps_in(reader)
    if coverage != SignatureCoverageLevel.ENTIRE_REVISION or not 0 < len(stamps) <= STAMP_LIMIT:
        raise StrangeAddition("no revision of its own")
    if _work(seal) > WORK_LIMIT:
        raise StrangeAddition("too much to compare")
    review = POLICY.review_file(
        reader, seal.signed_revision, field_mdp_spec=seal.fieldmdp, doc_mdp=seal.docmdp_level
    )
    if not isinstance(review, DiffResult) or review.modification_level > PROOF:
        raise StrangeAddition("no proof")
    return _proof(content, seal, sorted(stamps, key=lambda found: int(found.signed_revision)))


def _proof(
    content: bytes, seal: EmbeddedPdfSignature, stamps: list[EmbeddedPdfSignature]
) -> Additions:
    reader = seal.reader
    if len(reader.root["/AcroForm"]["/Fields"]) != len(reader.embedded_signatures):
        raise StrangeAddition("an empty field")
    last = reader.xrefs.total_revisions - 1
    stores = {
        revision: _store(reader.get_historical_resolver(revision))
        for revision in range(seal.signed_revision, last + 1)
    }
    if any(not before.parts <= after.parts for before, after in pairwise(stores.values())):
        raise StrangeAddition("something left the store")
    return Additions(
        issued_bytes=_end_of(seal),
        stamps=tuple(_stamped(content, found, seal, stores) for found in stamps),
        store=stores[last],
        is_closed=_is_closed(content, stamps[-1], last),
    )


def _stamped(
    content: bytes,
    found: EmbeddedPdfSignature,
    seal: EmbeddedPdfSignature,
    stores: dict[int, Store],
) -> StampedRevision:
    covered = found.evaluate_signature_coverage() >= SignatureCoverageLevel.ENTIRE_REVISION
    revision = int(found.signed_revision)
    if not covered or revision <= seal.signed_revision:
        raise StrangeAddition("a time-stamp over a part")
    if found.sig_object.get("/SubFilter") != STAMP_FORM:
        raise StrangeAddition("a time-stamp of another form")
    try:
        token, padding = split_first(found.pkcs7_content)
        if padding.strip(b"\0") or not _is_exact_gap(content, found):
            raise StrangeAddition("the gap of a time-stamp")
        _, gap_start, gap_end, _ = (int(number) for number in found.byte_range)
        stamp = read_stamp(token, content[:gap_start] + content[gap_end : _end_of(found)])
    except (Asn1Error, BrokenStamp) as error:
        raise StrangeAddition("a broken time-stamp") from error
    return StampedRevision(stamp=stamp, token=token, store=stores[revision])


def _is_closed(content: bytes, newest: EmbeddedPdfSignature, last: int) -> bool:
    """Whether the newest time-stamp covers the file; else the last update must end with it."""
    if _end_of(newest) == len(content):
        return True
    xrefs = newest.reader.xrefs
    end = TRAILER.fullmatch(content, xrefs.get_xref_container_info(last).end_location)
    if (
        newest.signed_revision >= last
        or end is None
        or int(end[1]) != xrefs.get_startxref_for_revision(last)
    ):
        raise StrangeAddition("bytes behind the last update")
    return False


def _work(seal: EmbeddedPdfSignature) -> int:
    """How many objects the comparison of all updates looks at."""
    xrefs = seal.reader.xrefs
    total: int = xrefs.total_revisions
    objects = sum(len(xrefs.explicit_refs_in_revision(each)) for each in range(total))
    return objects * (total - int(seal.signed_revision))


def _end_of(signature: EmbeddedPdfSignature) -> int:
    _, _, gap_end, length = (int(number) for number in signature.byte_range)
    return gap_end + length


def _is_exact_gap(content: bytes, signature: EmbeddedPdfSignature) -> bool:
    """Whether the unsigned gap holds the signature's hexadecimal alone, in one spelling."""
    _, gap_start, gap_end, _ = (int(number) for number in signature.byte_range)
    gap = content[gap_start:gap_end]
    exact = b"<" + signature.pkcs7_content.hex().encode() + b">"
    return gap in (exact, exact.upper())


def _store(revision: HistoricalResolver) -> Store:
    if "/DSS" not in revision.root:
        return Store()
    found = revision.root["/DSS"]
    if not isinstance(found, generic.DictionaryObject) or not set(found) <= STORE_KEYS:
        raise StrangeAddition("a store of another shape")
    try:
        responses = tuple(read_ocsp(der) for der in _streams(found, "/OCSPs"))
        crls = tuple(read_crl(as_der(der)) for der in _streams(found, "/CRLs"))
    except (Asn1Error, BrokenOcsp, BrokenCrl) as error:
        raise StrangeAddition("unreadable evidence") from error
    return Store(certificates=tuple(_streams(found, "/Certs")), evidence=Evidence(crls, responses))


def _streams(store: generic.DictionaryObject, name: str) -> Iterator[bytes]:
    items = store.get(name, ())
    if len(items) > STORE_LIMIT:
        raise StrangeAddition("too much evidence")
    for item in items:
        held = item.get_object()
        if not isinstance(held, generic.StreamObject):
            raise StrangeAddition("evidence that is no stream")
        yield held.data
