"""Verifying the enveloped signatures of an XML document: every signer, chain and revocation."""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.online import RevocationFetcher
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.xml_reading import XmlError
from kualik.signatures.adapters.xml_shape import XmlSignatureError
from kualik.signatures.adapters.xml_signatures import XmlDocument, check_signature, read_document
from kualik.signatures.services.cms_verification import Purpose, key_faults
from kualik.signatures.services.verdicts import Reason, SignerVerdict, Verification, verdict_of


def verify_xml(
    *,
    document: bytes,
    trust: TrustDirectory,
    at: datetime | None,
    now: datetime,
    purpose: Purpose = "signing",
    is_revocation_required: bool = True,
    fetcher: RevocationFetcher | None = None,
) -> Verification:
    """Judge a signed XML document that anybody may have sent; options as for CMS.

    An XML signature tells no time, so signers are judged at ``at`` where it is given, else now.
    ``content`` of the answer is the document without its signatures in canonical form; None where
    signatures are misplaced. Raises RuleViolation for what cannot be read: ``xml_`` with
    ``empty``, ``too_large``, ``too_deep``, ``too_complex``, ``malformed``, ``dtd_forbidden`` or
    ``too_many_signatures``.
    """
    try:
        read = read_document(document)
    except XmlError as error:
        raise RuleViolation(f"xml_{error.code}") from error
    except XmlSignatureError as error:
        return Verification(signers=(), reasons=(Reason(error.code),))
    judge = _Judge(
        document=read,
        trust=trust,
        moment=at or now,
        now=now,
        purpose=purpose,
        policy=RevocationPolicy(is_required=is_revocation_required, fetcher=fetcher),
    )
    return Verification(
        signers=tuple(judge.verdict(signature) for signature in read.signatures),
        reasons=() if read.signatures else (Reason("no_signers"),),
        is_attached=True,
        content=read.content,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """The same questions for each signature of one document."""

    document: XmlDocument
    trust: TrustDirectory
    moment: datetime
    now: datetime
    purpose: Purpose
    policy: RevocationPolicy

    def verdict(self, signature: etree._Element) -> SignerVerdict:
        reading = check_signature(self.document, signature)
        codes = [*reading.codes]
        if reading.certificate is not None:
            codes += [*key_faults(reading.certificate, self.purpose), "time_unknown"]
            codes += check_certificate(
                reading.certificate.der,
                reading.certificates,
                self.trust,
                self.moment,
                now=self.now,
                policy=self.policy.known_at(self.moment),
            ).codes
        return verdict_of(
            reading.certificate, codes, moment=self.moment, algorithm=reading.algorithm
        )
