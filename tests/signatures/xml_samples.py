"""Signed XML for tests: by the test authority, and put together by hand for hostile shapes."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_xml
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.verdicts import Verification
from kualik.signatures.services.xml_verification import verify_xml
from tests.signatures.authorities import NOW, individual
from tests.signatures.verification import trust

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = f"{DS}enveloped-signature"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<login xmlns="urn:kualik:login" xmlns:unused="urn:unused" xml:lang="kk" Id="all">\n'
    "  <!-- a comment --><text b='2' a=\"1\">Әліпби &amp; &#13;белгі</text><empty/>\n"
    "</login>"
).encode()
CONTENT = (
    '<login xmlns="urn:kualik:login" xmlns:unused="urn:unused" Id="all" xml:lang="kk">\n'
    '  <text a="1" b="2">Әліпби &amp; &#xD;белгі</text><empty></empty>\n'
    "</login>"
).encode()
"""The document in canonical form, written by hand."""


@cache
def sample(scheme: Scheme = Scheme.RSA, *, exclusive: bool = True, reference_id: str = "") -> bytes:
    """The document signed by a person."""
    return sign_xml(individual(scheme), DOCUMENT, exclusive=exclusive, reference_id=reference_id)


def verified(
    document: bytes,
    believed: TrustDirectory | None = None,
    *,
    at: datetime | None = None,
    now: datetime = NOW,
) -> Verification:
    found = trust(Scheme.RSA) if believed is None else believed
    return verify_xml(document=document, trust=found, at=at, now=now)


def outcome(document: bytes, believed: TrustDirectory | None = None) -> Verification | None:
    """The answer, or None where the document is refused by an error of our own kind."""
    try:
        return verified(document, believed)
    except RuleViolation as violation:
        if not violation.code.startswith("xml_"):
            raise
        return None


def transform(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def transforms(*listed: str) -> str:
    return f"<ds:Transforms>{''.join(listed)}</ds:Transforms>"


USUAL = transforms(transform(ENVELOPED), transform(EXCLUSIVE))


def reference(
    leaf: Leaf, covered: str, *, uri: str | None = "", listed: str = USUAL, more: str = ""
) -> str:
    """A reference with the digest of ``covered``, which is written in canonical form."""
    suite = leaf.key.suite
    value = base64.b64encode(suite.digest(covered.encode())).decode()
    address = "" if uri is None else f' URI="{uri}"'
    return (
        f"<ds:Reference{address}{more}>{listed}"
        f'<ds:DigestMethod Algorithm="{suite.xml_digest}"></ds:DigestMethod>'
        f"<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>"
    )


def crafted(
    leaf: Leaf,
    document: str,
    references: Sequence[str],
    *,
    canonical: str = EXCLUSIVE,
    context: str = "",
    more: str = "",
    method: str = "",
    sign: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """``document`` with a good signature over ``references`` in the place of ``@``.

    ``context`` is what the inclusive SignedInfo inherits, as its canonical form writes it behind
    the namespace of signatures; ``more`` comes behind the KeyInfo. ``method`` and ``sign`` go
    before those of the key.
    """
    method = method or leaf.key.suite.xml_signature
    info = (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{canonical}">'
        f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{method}">'
        f"</ds:SignatureMethod>{''.join(references)}</ds:SignedInfo>"
    )
    signed = info.replace("<ds:SignedInfo>", f'<ds:SignedInfo xmlns:ds="{DS}"{context}>', 1)
    value = base64.b64encode((sign or leaf.key.sign)(signed.encode())).decode()
    certificate = base64.b64encode(leaf.certificate_der).decode()
    return document.replace(
        "@",
        f'<ds:Signature xmlns:ds="{DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo>{more}</ds:Signature>",
    ).encode()


def changed(document: bytes, old: str, new: str) -> bytes:
    """The document with the one place of ``old`` replaced."""
    assert document.count(old.encode()) == 1, old
    return document.replace(old.encode(), new.encode())
