"""PDFs signed by hand with any key, and what may be done to them afterwards."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from io import BytesIO

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import (
    DocumentTimestamp,
    PdfSignedData,
    SignatureObject,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore

from kualik.signatures.adapters.envelope import BYTE_RANGE
from kualik.signatures.adapters.test_authority import Hierarchy, Leaf, Stamper, sign_cms
from tests.signatures.verification import SIGNED_AT

RESERVED = 32_000
Maker = Callable[[bytes], bytes]


@cache
def plain_pdf(text: str = "Sum: 100") -> bytes:
    """One page with a line of text."""
    writer = PdfFileWriter(stream_xrefs=False)
    page = PageObject(
        contents=writer.add_object(
            generic.StreamObject(stream_data=f"BT /F1 24 Tf 50 700 Td ({text}) Tj ET".encode())
        ),
        media_box=(0, 0, 595, 842),
        resources=RawContent(b"").resources.as_pdf_object(),
    )
    writer.insert_page(page)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def pdf_of_objects(count: int) -> bytes:
    """A page and so many objects that something refers to."""
    writer = IncrementalPdfFileWriter(BytesIO(plain_pdf()))
    every = [writer.add_object(generic.NumberObject(1)) for _ in range(count)]
    writer.root[pdf_name("/Own")] = generic.ArrayObject(every)
    writer.update_root()
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def with_signature(
    pdf: bytes,
    make: Maker,
    *,
    field: str = "Signature1",
    place: PdfSignedData | None = None,
    allowed: MDPPerm | None = None,
) -> bytes:
    """The file with one more signature, ``make`` giving its value over the covered bytes."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    steps = PdfCMSEmbedder(SigFieldSpec(field)).write_cms(field, writer)
    next(steps)
    held = place or SignatureObject(timestamp=SIGNED_AT, bytes_reserved=RESERVED)
    mdp = None
    if allowed is not None:
        mdp = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=allowed)
    steps.send(SigObjSetup(sig_placeholder=held, mdp_setup=mdp))
    _, output = steps.send(SigIOSetup(md_algorithm="sha256", output=BytesIO()))
    steps.send(make(covered(output.getvalue())))
    made = output.getvalue()
    assert isinstance(made, bytes)
    return made


def signed_pdf(
    *leaves: Leaf,
    pdf: bytes | None = None,
    field: str = "Signature1",
    stated_at: datetime | None = SIGNED_AT,
    allowed: MDPPerm | None = None,
    stamper: Stamper | None = None,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
) -> bytes:
    """The file signed by every leaf in one signature, its time in the dictionary alone."""
    place = SignatureObject(timestamp=stated_at, subfilter=subfilter, bytes_reserved=RESERVED)
    return with_signature(
        plain_pdf() if pdf is None else pdf,
        lambda data: sign_cms(leaves=leaves, content=data, detached=True, timestamp=stamper),
        field=field,
        place=place,
        allowed=allowed,
    )


def stamped_pdf(pdf: bytes, authority: Hierarchy, *, at: datetime, field: str = "Stamp") -> bytes:
    """The file with a time-stamp over all of it."""
    digest = authority.tsa.key.suite.digest
    return with_signature(
        pdf,
        lambda data: authority.timestamp(digest(data), now=at),
        field=field,
        place=DocumentTimestamp(bytes_reserved=RESERVED),
    )


def with_evidence(
    pdf: bytes,
    *,
    certificates: Iterable[bytes] = (),
    crls: Iterable[bytes] = (),
    responses: Iterable[bytes] = (),
) -> bytes:
    """The file with a security store added behind its signatures."""
    output = BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        output,
        sig_contents=None,
        certs=[asn1_x509.Certificate.load(der) for der in certificates],
        crls=[asn1_crl.CertificateList.load(der) for der in crls],
        ocsps=[asn1_ocsp.OCSPResponse.load(der) for der in responses],
        force_write=True,
    )
    return output.getvalue()


def with_new_content(pdf: bytes, text: str = "Sum: 999") -> bytes:
    """The file with another text on its page, added as an update (a shadow attack)."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=f"BT /F1 24 Tf 50 700 Td ({text}) Tj ET".encode())
    page[pdf_name("/Contents")] = writer.add_object(stream)
    writer.mark_update(page.container_ref)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def with_page(pdf: bytes) -> bytes:
    """The file with a page added as an update."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    stream = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.insert_page(PageObject(contents=stream, media_box=(0, 0, 595, 842)))
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def ranges(pdf: bytes) -> tuple[int, int, int]:
    """Start and end of the gap of the last signature, and the end of what it covers."""
    *_, found = BYTE_RANGE.finditer(pdf)
    _, gap_start, gap_end, length = (int(number) for number in found.groups())
    return gap_start, gap_end, gap_end + length


def covered(pdf: bytes) -> bytes:
    """The bytes that the last signature covers."""
    gap_start, gap_end, end = ranges(pdf)
    return pdf[:gap_start] + pdf[gap_end:end]


def encrypted_pdf() -> bytes:
    """A file that opens with a password only."""
    writer = PdfFileWriter(stream_xrefs=False)
    writer.insert_page(
        PageObject(
            contents=writer.add_object(generic.StreamObject(stream_data=b"")),
            media_box=(0, 0, 9, 9),
        )
    )
    writer.encrypt("owner", "user")
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def strange_place(form: str) -> PdfSignedData:
    """A signature dictionary of another form."""
    place = SignatureObject(timestamp=SIGNED_AT, bytes_reserved=RESERVED)
    place[pdf_name("/SubFilter")] = pdf_name(form)
    return place


def with_copied_signature(pdf: bytes) -> bytes:
    """The field of the signature pointed at a copy of its dictionary in a new update."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    field = writer.root["/AcroForm"]["/Fields"][0]
    copied = generic.DictionaryObject({key: field["/V"].raw_get(key) for key in field["/V"]})
    field[pdf_name("/V")] = writer.add_object(copied)
    writer.mark_update(field.container_ref)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()
