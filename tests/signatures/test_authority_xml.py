"""XML signatures of the test authority verify by their bytes, read anew."""

import base64
import copy
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from lxml import etree

from kualik.signatures.adapters.gost import digest_for, read_public_key
from kualik.signatures.adapters.test_authority import Scheme, sign_xml
from tests.signatures.authorities import individual, openssl, write_pem

DS = {"ds": "http://www.w3.org/2000/09/xmldsig#"}
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<login xmlns="urn:kualik:login" xmlns:unused="urn:unused" xml:lang="kk" Id="all">\n'
    "  <!-- a comment --><text b='2' a=\"1\">Әліпби &amp; &#13;белгі</text><empty/>\n"
    "</login>"
).encode()


def value(signature: etree._Element, name: str) -> bytes:
    (found,) = signature.findall(f".//ds:{name}", DS)
    return base64.b64decode(found.text or "")


def split(signed: bytes, *, exclusive: bool) -> tuple[etree._Element, bytes, bytes]:
    """The signature, the canonical document without it and the canonical SignedInfo."""
    root = etree.fromstring(signed)
    (signature,) = root.findall("ds:Signature", DS)
    info = etree.tostring(signature[0], method="c14n", exclusive=exclusive, with_comments=False)
    bare = copy.deepcopy(root)
    bare.remove(bare[-1])
    document = etree.tostring(bare, method="c14n", exclusive=exclusive, with_comments=False)
    return signature, document, info


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("line_breaks", [False, True])
def test_exclusive_signature_verifies(scheme: Scheme, line_breaks: bool, tmp_path: Path) -> None:
    leaf = individual(scheme)
    signed = sign_xml(leaf, DOCUMENT, exclusive=True, line_breaks=line_breaks)
    signature, document, info = split(signed, exclusive=True)
    assert value(signature, "DigestValue") == leaf.key.suite.digest(document)
    assert value(signature, "X509Certificate") == leaf.certificate_der
    mark = value(signature, "SignatureValue")
    if scheme is Scheme.RSA:
        assert rsa_verifies(tmp_path, leaf.certificate_der, info, mark)
        assert not rsa_verifies(tmp_path, leaf.certificate_der, info + b" ", mark)
    else:
        key = read_public_key(leaf.key.spki_der)
        assert key.verify(digest_for(leaf.key.suite.signature_oid, info), mark)


def rsa_verifies(folder: Path, certificate: bytes, signed: bytes, signature: bytes) -> bool:
    write_pem(folder / "leaf.pem", certificate)
    public = openssl("x509", "-in", "leaf.pem", "-noout", "-pubkey", folder=folder)
    (folder / "public.pem").write_text(public.stdout)
    (folder / "signed").write_bytes(signed)
    (folder / "signature").write_bytes(signature)
    done = openssl(
        "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "signed",
        folder=folder,
    )  # fmt: skip
    return done.stdout.strip() == "Verified OK"


def test_signed_info_is_canonical_by_another_library() -> None:
    signed = sign_xml(individual(Scheme.RSA), DOCUMENT, exclusive=True)
    _, document, info = split(signed, exclusive=True)
    # Version 2 of the canonical form is the exclusive one but for comments and names of prefixes.
    for part in (document, info):
        assert ET.canonicalize(part.decode()) == part.decode()


def test_inclusive_signed_info_inherits_from_the_root(tmp_path: Path) -> None:
    leaf = individual(Scheme.RSA)
    signed = sign_xml(leaf, DOCUMENT, exclusive=False)
    signature, document, _ = split(signed, exclusive=False)
    assert value(signature, "DigestValue") == leaf.key.suite.digest(document)
    text = signed.decode()
    info = text[text.index("<ds:SignedInfo>") : text.index("</ds:Reference>")]
    # Namespaces by prefix, then attributes; an element without content has an end tag.
    canonical = info.replace(
        "<ds:SignedInfo>",
        '<ds:SignedInfo xmlns="urn:kualik:login" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
        ' xmlns:unused="urn:unused" xml:lang="kk">',
    )
    for name in ("CanonicalizationMethod", "SignatureMethod", "Transform", "DigestMethod"):
        canonical = closed(canonical, name)
    canonical += "</ds:Reference></ds:SignedInfo>"
    mark = value(signature, "SignatureValue")
    assert rsa_verifies(tmp_path, leaf.certificate_der, canonical.encode(), mark)


def closed(text: str, name: str) -> str:
    parts = text.split(f"<ds:{name} ")
    return f"<ds:{name} ".join(
        [parts[0], *(part.replace("/>", f"></ds:{name}>", 1) for part in parts[1:])]
    )


def test_comments_are_outside_the_signature() -> None:
    leaf = individual(Scheme.GOST256)
    without = DOCUMENT.replace(b"<!-- a comment -->", b"")
    assert sign_xml(leaf, DOCUMENT, exclusive=True).replace(b"<!-- a comment -->", b"") == sign_xml(
        leaf, without, exclusive=True
    )


@pytest.mark.parametrize(("reference_id", "address"), [("", ""), ("all", "#all")])
def test_reference_covers_the_root(reference_id: str, address: str) -> None:
    signed = sign_xml(individual(Scheme.RSA), DOCUMENT, exclusive=True, reference_id=reference_id)
    (reference,) = etree.fromstring(signed).findall(".//ds:Reference", DS)
    assert reference.get("URI") == address
