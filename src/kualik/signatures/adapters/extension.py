"""Adding proof behind the end of a sealed PDF: document time-stamps and revocation data.

The bytes that are there already stay as they are, because the authorised person's detached
signature covers them. A document time-stamp over a B-B file makes it B-T (ETSI EN 319 142-1).
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Final, Protocol

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PdfSignedData
from pyhanko.sign.validation.dss import DocumentSecurityStore

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.pades import DIGEST, OUTSIDE_THE_PAGE, UNREADABLE, SealWriter

FIELD_NAME: Final = "Stamp"
FIELD_TITLE: Final = "Уақыт белгісі / Метка времени"
# Bytes for a token: one with its certificate takes two thousand, with a whole chain six.
TOKEN_ROOMS: Final = (4 * 1024, 16 * 1024)


class Writer(Protocol):
    """The one thing that the library leaves without a type."""

    def write(self, stream: BytesIO, /) -> None:
        """Write the file with its update."""


def add_stamp(content: bytes, stamp: Callable[[bytes], bytes]) -> bytes:
    """``content`` with a document time-stamp over all of it; ``stamp`` gives the token for the
    bytes it gets, and is called once more where the token is unusually long.

    Raises ``preserve_failed`` and what ``stamp`` raises.
    """
    for room in TOKEN_ROOMS:
        found = _stamped(content, stamp, room)
        if found:
            return found
    raise RuleViolation("preserve_failed", reason="token")


def add_evidence(
    content: bytes,
    *,
    certificates: Iterable[bytes],
    responses: Iterable[bytes],
    crls: Iterable[bytes],
) -> bytes:
    """``content`` with certificates, OCSP responses and lists (DER) in its security store."""
    try:
        writer = SealWriter(BytesIO(content))
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            None,
            certs=[asn1_x509.Certificate.load(der) for der in certificates],
            ocsps=[asn1_ocsp.OCSPResponse.load(der) for der in responses],
            crls=[asn1_crl.CertificateList.load(der) for der in crls],
        )
        output = BytesIO()
        plain: Writer = writer
        plain.write(output)
    except UNREADABLE as error:
        raise RuleViolation("preserve_failed", reason=type(error).__name__) from error
    return _kept(content, output.getvalue())


def _stamped(content: bytes, stamp: Callable[[bytes], bytes], room: int) -> bytes:
    """Empty where the token does not fit."""
    try:
        writer = SealWriter(BytesIO(content))
        name = f"{FIELD_NAME}{len(writer.root['/AcroForm']['/Fields'])}"
        spec = SigFieldSpec(name, box=OUTSIDE_THE_PAGE, readable_field_name=FIELD_TITLE)
        steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name=name, writer=writer)
        next(steps)
        steps.send(SigObjSetup(sig_placeholder=_placeholder(room)))
        prepared, output = steps.send(SigIOSetup(md_algorithm=DIGEST))
        written = output.getvalue()
    except UNREADABLE as error:
        raise RuleViolation("preserve_failed", reason=type(error).__name__) from error
    start, end = prepared.reserved_region_start, prepared.reserved_region_end
    token = stamp(written[:start] + written[end:])
    if len(token) > room:
        return b""
    steps.send(token)
    return _kept(content, output.getvalue())


def _placeholder(room: int) -> PdfSignedData:
    return PdfSignedData(
        obj_type=pdf_name("/DocTimeStamp"),
        subfilter=SigSeedSubFilter.ETSI_RFC3161,
        bytes_reserved=2 * room,
    )


def _kept(before: bytes, after: bytes) -> bytes:
    if not after.startswith(before):
        raise RuleViolation("preserve_failed", reason="beginning")
    return after
