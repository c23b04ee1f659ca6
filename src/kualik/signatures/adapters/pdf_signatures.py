"""The signatures of any PDF as bytes to be judged, and what was done to the file after each.

The parser only finds them. Who signed and whether it holds is judged by the same code as for any
CMS, so signatures by GOST, which PDF programs cannot read, are judged too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final, Literal

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader, process_data_at_eof
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, enumerate_sig_fields

from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der, split_first
from kualik.signatures.adapters.crl import BrokenCrl, Crl, read_crl
from kualik.signatures.adapters.envelope import Span
from kualik.signatures.adapters.ocsp import BrokenOcsp, OcspResponse, read_ocsp
from kualik.signatures.adapters.reading import LIMITS, UnreadablePdf
from kualik.signatures.adapters.revocation import Evidence

SIGNATURE_LIMIT: Final = 16
EVIDENCE_LIMIT: Final = 100
# Objects looked at, over all signatures and the updates behind each: some eight seconds.
WORK_LIMIT: Final = 40_000
TAIL_BYTES: Final = 1024
SPACE: Final = b"\0\t\n\f\r "
END_OF_FILE: Final = re.compile(rb"startxref\s+\d{1,10}\s+%%EOF\s*\Z")
# A signature that no reader finds any more leaves these words behind.
TRACE: Final = re.compile(rb"/ByteRange\s{0,8}\[\s{0,8}\d{1,10}\s")
DETACHED: Final = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached"})
DOCUMENT_STAMP: Final = "/ETSI.RFC3161"

Form = Literal["signature", "timestamp", "unsupported"]
Change = Literal["none", "evidence", "entries", "other", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSignature:
    """One signature dictionary.

    ``cms`` is its signature without padding, ``is_padded`` tells that the padding holds something.
    ``span`` is None where the signed ranges do not take in the whole file as it stood then.
    ``changes`` tell what was done to the file afterwards: only data that prove signatures were
    added, or entries in the form and further signatures, or something else. ``stated_at`` is the
    time that the signed dictionary names.
    """

    form: Form
    cms: bytes = b""
    is_padded: bool = False
    span: Span | None = None
    changes: Change = "none"
    stated_at: datetime | None = None

    def covered(self, content: bytes) -> bytes:
        """The signed bytes of the file; empty without a span."""
        if self.span is None:
            return b""
        return content[: self.span.gap_start] + content[self.span.gap_end : self.span.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfContent:
    """The signatures in the order they were made; certificates (DER) and evidence of the file's
    security store. ``has_trace`` where a signature was taken out of the reader's sight."""

    signatures: tuple[PdfSignature, ...]
    certificates: tuple[bytes, ...] = ()
    evidence: Evidence = Evidence()
    has_trace: bool = False


def read_pdf(content: bytes) -> PdfContent:
    """What is signed in a file that anybody may have sent.

    Raises UnreadablePdf, whatever the parser stumbled over; its text is ``encrypted`` for a file
    with a password and ``too many signatures`` for such.
    """
    try:
        reader = PdfFileReader(BytesIO(content), strict=True, decode_limits=LIMITS)
        if reader.encrypted:
            raise UnreadablePdf("encrypted")
        fields = list(enumerate_sig_fields(reader, filled_status=True))
        if len(fields) > SIGNATURE_LIMIT:
            raise UnreadablePdf("too many signatures")
        looked_at = _Review(reader, content)
        found = [looked_at.signature(field.get_object()) for _, _, field in fields]
        certificates, evidence = _store(reader)
    except UnreadablePdf:
        raise
    except Exception as error:
        # A hostile file can make a parser raise anything; one kind of error leaves this room.
        raise UnreadablePdf(type(error).__name__) from error
    found.sort(key=lambda signature: signature.span.end if signature.span else len(content))
    return PdfContent(
        signatures=tuple(found),
        certificates=certificates,
        evidence=evidence,
        has_trace=not found and TRACE.search(content) is not None,
    )


class _Review:
    """Looks at the signatures of one file, with a bound on the comparisons it makes."""

    def __init__(self, reader: PdfFileReader, content: bytes) -> None:
        self.reader = reader
        self.content = content
        self.work = 0

    def signature(self, field: generic.DictionaryObject) -> PdfSignature:
        holder = field.raw_get("/V")
        found = holder.get_object()
        if not isinstance(found, generic.DictionaryObject):
            raise UnreadablePdf("a signature that is no dictionary")
        form = _form(found)
        if form == "unsupported":
            return PdfSignature(form=form)
        held = _contents(found)
        cms, padding = _without_padding(held)
        span = self._span(found, held)
        changes: Change = "none"
        if span is not None and self.content[span.end :].strip(SPACE):
            revision = self._revision(holder, span)
            if revision is None:
                span = None
            else:
                changes = self._changes(revision, found, field)
        return PdfSignature(
            form=form,
            cms=cms,
            is_padded=bool(padding.strip(b"\0")),
            span=span,
            changes=changes,
            stated_at=_stated_at(found),
        )

    def _span(self, found: generic.DictionaryObject, held: bytes) -> Span | None:
        """The signed ranges, if the gap between them is this signature's own value and no more."""
        numbers = [int(number) for number in found["/ByteRange"]]
        if len(numbers) != 4:
            return None
        start, gap_start, gap_end, length = numbers
        end = gap_end + length
        if start != 0 or not 0 < gap_start < gap_end < end <= len(self.content):
            return None
        gap = self.content[gap_start:gap_end]
        if gap[:1] != b"<" or gap[-1:] != b">":
            return None
        try:
            is_own = bytes.fromhex(gap[1:-1].decode("ascii")) == held
        except ValueError:
            return None
        return Span(gap_start, gap_end, end) if is_own else None

    def _revision(self, holder: generic.PdfObject, span: Span) -> int | None:
        """The revision that the signature belongs to, if the signed ranges end where it ends.

        A dictionary copied into a later revision, or an early part of the file passed off as a
        whole, has none.
        """
        if not isinstance(holder, generic.IndirectObject):
            return None
        xrefs = self.reader.xrefs
        revision: int = xrefs.get_last_change(holder.reference)
        stream = self.reader.stream
        stream.seek(span.end)
        try:
            if process_data_at_eof(stream) != xrefs.get_startxref_for_revision(revision):
                return None
        except (PdfError, ValueError, OSError):
            return None
        ends = (xrefs.get_xref_container_info(each).end_location for each in range(revision + 1))
        return revision if max(ends) <= span.end else None

    def _changes(
        self, revision: int, found: generic.DictionaryObject, field: generic.DictionaryObject
    ) -> Change:
        reader = self.reader
        later = range(revision + 1, reader.xrefs.total_revisions)
        if not later or not END_OF_FILE.search(self.content[-TAIL_BYTES:]):
            return "other"
        every = range(reader.xrefs.total_revisions)
        objects = sum(len(reader.xrefs.explicit_refs_in_revision(each)) for each in every)
        self.work += objects * len(later)
        if self.work > WORK_LIMIT or reader.xrefs.hybrid_xrefs_present:
            return "unknown"
        try:
            allowed = _permission(found, field)
            review = DEFAULT_DIFF_POLICY.review_file(
                reader, revision, field_mdp_spec=_locked_fields(found), doc_mdp=allowed
            )
        except (PdfError, *PARSER_ERRORS):
            return "unknown"
        return _named(review, allowed)


def _value(holder: generic.DictionaryObject, name: str) -> Any:
    """What stands under a name, also where that is a reference to an object elsewhere."""
    try:
        return holder[name]
    except KeyError:
        return None


def _form(found: generic.DictionaryObject) -> Form:
    kind = str(_value(found, "/SubFilter"))
    if kind == DOCUMENT_STAMP:
        return "timestamp"
    return "signature" if kind in DETACHED else "unsupported"


def _contents(found: generic.DictionaryObject) -> bytes:
    held = found.raw_get("/Contents", decrypt=generic.EncryptedObjAccess.RAW)
    if not isinstance(held, generic.TextStringObject | generic.ByteStringObject):
        raise UnreadablePdf("a signature without a value")
    return bytes(held.original_bytes)


def _without_padding(held: bytes) -> tuple[bytes, bytes]:
    """The signature and what stands behind it; what is no ASN.1 stays for the next reader."""
    try:
        return split_first(held)
    except Asn1Error:
        return held, b""


def _stated_at(found: generic.DictionaryObject) -> datetime | None:
    try:
        stated = generic.parse_pdf_date(str(found["/M"]), strict=False)
    except (PdfError, *PARSER_ERRORS):
        return None
    # A time without a zone could be anywhere on a day.
    return stated if isinstance(stated, datetime) and stated.utcoffset() is not None else None


def _reference(found: generic.DictionaryObject, method: str) -> generic.DictionaryObject | None:
    for reference in _value(found, "/Reference") or ():
        held = reference.get_object()
        if held["/TransformMethod"] == method:
            parameters: generic.DictionaryObject = held["/TransformParams"]
            return parameters
    return None


def _permission(found: generic.DictionaryObject, field: generic.DictionaryObject) -> MDPPerm | None:
    """What the signer allowed to be done to the file afterwards; None where nothing is said."""
    parameters = _reference(found, "/DocMDP")
    if parameters is None:
        lock = _value(field, "/Lock")
        return MDPPerm(lock["/P"]) if lock is not None and "/P" in lock else None
    return MDPPerm(_value(parameters, "/P") or MDPPerm.FILL_FORMS.value)


def _locked_fields(found: generic.DictionaryObject) -> FieldMDPSpec | None:
    parameters = _reference(found, "/FieldMDP")
    return None if parameters is None else FieldMDPSpec.from_pdf_object(parameters)


def _named(review: object, allowed: MDPPerm | None) -> Change:
    if not isinstance(review, DiffResult):
        return "other"
    level = review.modification_level
    if level == ModificationLevel.OTHER or (allowed is not None and level.value > allowed.value):
        return "other"
    return "evidence" if level <= ModificationLevel.LTA_UPDATES else "entries"


def _store(reader: PdfFileReader) -> tuple[tuple[bytes, ...], Evidence]:
    """Certificates, lists and answers of the file's security store; unreadable ones help nobody."""
    store = _value(reader.root, "/DSS")
    if not isinstance(store, generic.DictionaryObject):
        return (), Evidence()
    certificates = tuple(_streams(store, "/Certs"))
    crls: list[Crl] = []
    responses: list[OcspResponse] = []
    for der in _streams(store, "/CRLs"):
        try:
            crls.append(read_crl(as_der(der)))
        except (Asn1Error, BrokenCrl):
            continue
    for der in _streams(store, "/OCSPs"):
        try:
            responses.append(read_ocsp(der))
        except BrokenOcsp:
            continue
    return certificates, Evidence(tuple(crls), tuple(responses))


def _streams(store: generic.DictionaryObject, name: str) -> Iterator[bytes]:
    for item in list(_value(store, name) or ())[:EVIDENCE_LIMIT]:
        held = item.get_object()
        if isinstance(held, generic.StreamObject):
            yield held.data
