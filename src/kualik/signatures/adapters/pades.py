"""Sealing: a PAdES B-B signature that allows no later change and keeps PDF/A-2a and PDF/UA-1.

pyHanko as documented takes 130 ms a file, because it reads the private key twice and encodes the
CMS in Python each time, and it loses PDF/A by writing the XMP packet anew. Here the key stays in
memory and the CMS is built once per key: a seal replaces the digest and the signature in it.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import TypeVar

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import BuildProps, SignatureObject
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import CertificateRegistry

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.envelope import parse_envelope, seal_is_sound
from kualik.signatures.adapters.keys import SealingKey

APPLICATION = "Kualik"
FIELD_NAME = "Seal"
FIELD_TITLE = "Электрондық қолтаңба / Электронная подпись"
OUTSIDE_THE_PAGE = (-1, -1, -1, -1)
DIGEST = "sha256"
UNREADABLE = (PdfError, SigningError, ValueError, LookupError, TypeError, AttributeError)
MARK = sha256(b"the place of the digest in the template").digest()

Result = TypeVar("Result")


class HeldKeySigner(Signer):
    """pyHanko's signer around a key that is open already."""

    def __init__(self, key: SealingKey) -> None:
        registry = CertificateRegistry.build(map(as_asn1, key.chain))
        super().__init__(
            signing_cert=as_asn1(key.certificate), cert_registry=registry, embed_roots=False
        )
        self._key = key

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        return self._key.sign(data)


class SealWriter(IncrementalPdfFileWriter):
    """An incremental update that leaves the XMP packet as it is and has a repeatable file id."""

    def _update_meta(self) -> None:
        """PDF/A is lost when pyHanko writes the metadata anew."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        prev.stream.seek(0)
        second = generic.ByteStringObject(sha256(prev.stream.read()).digest()[:16])
        first = prev.trailer["/ID"][0] if "/ID" in prev.trailer else second
        if isinstance(first, generic.TextStringObject):
            first = generic.ByteStringObject(first.original_bytes)
        return generic.ArrayObject([first, second])


class CmsTemplate:
    """A finished CMS signature of one key; its digest and signature are replaced per file."""

    def __init__(self, key: SealingKey) -> None:
        info = run_apart(HeldKeySigner(key).async_sign(MARK, DIGEST, use_pades=True))
        der: bytes = info.dump()
        (signer,) = info["content"]["signer_infos"]
        attributes: bytes = signer["signed_attrs"].dump()
        signature: bytes = signer["signature"].native
        attributes_at, signature_at = _only(der, attributes), _only(der, signature)
        mark_at = _only(attributes, MARK)
        self._key = key
        self._before = der[:attributes_at]
        self._attributes_start = attributes[:mark_at]
        self._attributes_end = attributes[mark_at + len(MARK) :]
        self._between = der[attributes_at + len(attributes) : signature_at]
        self._after = der[signature_at + len(signature) :]
        self.length = len(der)

    def sign(self, digest: bytes) -> bytes:
        """The DER of the CMS over a file with this SHA-256 digest."""
        attributes = self._attributes_start + digest + self._attributes_end
        signature = self._key.sign(b"\x31" + attributes[1:])
        return self._before + attributes + self._between + signature + self._after


class Sealer:
    """Seals files with one open key; the same input gives the same bytes."""

    def __init__(self, key: SealingKey) -> None:
        self.certificate: x509.Certificate = key.certificate
        self._certificates = (key.certificate, *key.chain)
        self._template = CmsTemplate(key)

    def seal(self, pdf: bytes, *, sealed_at: datetime, reason: str, location: str) -> bytes:
        """The signed file: ``pdf`` unchanged (a newline added if it ends without one) and one
        incremental update. ``sealed_at`` must be aware.

        Raises ``key_not_valid_now`` outside the certificate's validity, ``seal_failed`` when the
        PDF cannot be read, is signed already, or the finished file does not verify.
        """
        certificate = self.certificate
        valid = certificate.not_valid_before_utc <= sealed_at <= certificate.not_valid_after_utc
        if not valid:
            raise RuleViolation(
                "key_not_valid_now", not_after=certificate.not_valid_after_utc.date().isoformat()
            )
        # typst ends with %%EOF alone; an object header glued to it breaks PDF/A.
        ended = pdf if pdf.endswith(b"\n") else pdf + b"\n"
        try:
            sealed = self._embed(ended, sealed_at=sealed_at, reason=reason, location=location)
        except UNREADABLE as error:
            raise RuleViolation("seal_failed", reason=type(error).__name__) from error
        if not (sealed.startswith(ended) and seal_is_sound(sealed, self._certificates)):
            raise RuleViolation("seal_failed", reason="verification")
        return sealed

    def sign(self, content: bytes) -> bytes:
        """A detached CMS over a file of any kind, in DER; it names no time."""
        return self._template.sign(sha256(content).digest())

    def prove(self) -> None:
        """Sign a digest of nothing that exists and check it. Raises ``seal_failed``."""
        envelope = parse_envelope(self._template.sign(MARK))
        if not envelope.verifies(self.certificate):
            raise RuleViolation("seal_failed", reason="verification")

    def _embed(self, pdf: bytes, *, sealed_at: datetime, reason: str, location: str) -> bytes:
        writer = SealWriter(BytesIO(pdf))
        if "/AcroForm" in writer.root:
            raise SigningError("the document is signed already")
        steps = PdfCMSEmbedder(
            new_field_spec=SigFieldSpec(
                FIELD_NAME, box=OUTSIDE_THE_PAGE, readable_field_name=FIELD_TITLE
            )
        ).write_cms(field_name=FIELD_NAME, writer=writer)
        next(steps)
        placeholder = SignatureObject(
            timestamp=sealed_at,
            subfilter=SigSeedSubFilter.PADES,
            reason=reason,
            location=location,
            app_build_props=BuildProps(name=APPLICATION),
            bytes_reserved=2 * self._template.length,
        )
        steps.send(
            SigObjSetup(
                sig_placeholder=placeholder,
                mdp_setup=SigMDPSetup(
                    md_algorithm=DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES
                ),
            )
        )
        prepared, output = steps.send(SigIOSetup(md_algorithm=DIGEST))
        steps.send(self._template.sign(prepared.document_digest))
        sealed: bytes = output.getvalue()
        return sealed


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The certificate in the form pyHanko works with."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def run_apart(coroutine: Coroutine[object, object, Result]) -> Result:
    """The result of a coroutine of pyHanko, in a thread whose event loop is nobody else's."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def _only(whole: bytes, part: bytes) -> int:
    if whole.count(part) != 1:
        raise ValueError("the template has no single place for its parts")
    return whole.index(part)
