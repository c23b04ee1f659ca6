"""XML signatures that are good as numbers and mean something else than they seem to."""

import base64

import pytest

from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.services.verdicts import Verification
from tests.signatures.authorities import head, individual
from tests.signatures.verification import codes, only, trust
from tests.signatures.xml_samples import (
    DOCUMENT,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    USUAL,
    changed,
    crafted,
    reference,
    sample,
    transform,
    transforms,
    verified,
)

LEAF = individual(Scheme.RSA)
PLAIN = crafted(LEAF, "<a><b/>@</a>", [reference(LEAF, "<a><b></b></a>")])


def refused(document: bytes, code: str, status: str = "invalid") -> Verification:
    """The answer, which must give this as the only reason."""
    found = verified(document, trust(*Scheme))
    assert found.status == status
    assert codes(found) == {code}
    assert all(not signer.person and not signer.certificate_der for signer in found.signers)
    return found


def test_the_plain_sample_itself_holds() -> None:
    assert verified(PLAIN).status == "valid"


def test_a_signed_element_moved_under_another_root_is_refused() -> None:
    signed = sample(reference_id="all").decode()
    start = signed.index("<ds:Signature ")
    signature = signed[start : signed.index("</login>", start)]
    original = signed[signed.index("<login") :].replace(signature, "")
    around = f"<login>other{original}{signature}</login>"
    refused(around.encode(), "xml_not_whole_document")
    inside = f"<login>other{signed[signed.index('<login') :]}</login>"
    refused(inside.encode(), "xml_signature_misplaced")
    both = f'<login Id="all">other{original}{signature}</login>'
    refused(both.encode(), "xml_id_repeated")


def test_a_document_taken_into_another_is_refused_with_an_empty_address_too() -> None:
    signed = sample().decode()
    start = signed.index("<ds:Signature ")
    signature = signed[start : signed.index("</login>", start)]
    original = signed[signed.index("<login") :].replace(signature, "")
    found = verified(f"<login>other{original}{signature}</login>".encode())
    assert "content_changed" in codes(found)


@pytest.mark.parametrize(
    "document",
    [
        "<a><b>@</b></a>",
        "<a><b><c>@</c></b></a>",
        "<a>@<b>@</b></a>",
    ],
)
def test_a_signature_in_another_place_is_refused(document: str) -> None:
    covered = document.replace("@", "")
    found = refused(crafted(LEAF, document, [reference(LEAF, covered)]), "xml_signature_misplaced")
    assert found.signers == ()
    assert found.content is None


def test_a_signature_as_the_root_is_refused() -> None:
    refused(crafted(LEAF, "@", [reference(LEAF, "")]), "xml_signature_misplaced")


def test_a_signature_within_a_signature_is_refused() -> None:
    inner = f'<ds:Signature xmlns:ds="{DS}"></ds:Signature>'
    document = changed(PLAIN, "<ds:KeyInfo>", f"<ds:KeyInfo>{inner}")
    refused(document, "xml_signature_misplaced")


def test_exactly_one_reference_to_the_document_is_taken() -> None:
    whole = reference(LEAF, "<a><b></b></a>")
    refused(crafted(LEAF, "<a><b/>@</a>", []), "xml_reference_count")
    refused(crafted(LEAF, "<a><b/>@</a>", [whole, whole]), "xml_reference_count")
    refused(crafted(LEAF, "<a><b/>@</a>", [whole] * 9), "xml_reference_count")


@pytest.mark.parametrize("name", ["Id", "ID", "id", "xml:id", "q:Id"])
def test_a_repeated_identifier_is_refused(name: str) -> None:
    space = ' xmlns:q="urn:q"' if name.startswith("q:") else ""
    source = f'<a Id="x"><b{space} {name}="x"/>@</a>'
    covered = f'<a Id="x"><b{space} {name}="x"></b></a>'
    document = crafted(LEAF, source, [reference(LEAF, covered, uri="#x")])
    refused(document, "xml_id_repeated")


@pytest.mark.parametrize("part", ["Signature", "SignedInfo", "KeyInfo"])
def test_an_identifier_repeated_in_the_signature_is_refused(part: str) -> None:
    document = crafted(
        LEAF, '<a Id="x">@</a>', [reference(LEAF, '<a Id="x"></a>', uri="#x")]
    ).replace(f"<ds:{part}".encode(), f'<ds:{part} Id="x"'.encode(), 1)
    refused(document, "xml_id_repeated")


@pytest.mark.parametrize(
    "uri",
    ["#b", "#", "#none", "#xpointer(/)", "#xpointer(id('x'))", "b", "/", "document.xml",
     "file:///etc/hosts", "http://127.0.0.1:9/", None],
)  # fmt: skip
def test_an_address_of_anything_but_the_document_is_refused(uri: str | None) -> None:
    covered = '<b Id="b"></b>'
    source = '<a Id="x"><b Id="b"/>@</a>'
    document = crafted(LEAF, source, [reference(LEAF, covered, uri=uri)])
    refused(document, "xml_not_whole_document")


@pytest.mark.parametrize("source", ['<?run?><a Id="x">@</a>', '<a Id="x">@</a><?run?>'])
def test_instructions_beside_a_named_root_are_refused(source: str) -> None:
    document = crafted(LEAF, source, [reference(LEAF, '<a Id="x"></a>', uri="#x")])
    refused(document, "xml_not_whole_document")


def open_to_doubt(document: bytes, code: str) -> None:
    """The answer, which must name the signer and give this as the only reason against."""
    found = verified(document, trust(*Scheme))
    assert found.status == "indeterminate"
    assert codes(found) == {code, "time_unknown"}
    assert only(found).certificate_der == LEAF.certificate_der


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [transform(EXCLUSIVE)],
        [transform(EXCLUSIVE), transform(ENVELOPED)],
        [transform(ENVELOPED), transform(ENVELOPED)],
    ],
)
def test_transforms_that_leave_the_signature_in_are_refused(listed: list[str]) -> None:
    whole = reference(LEAF, "<a></a>", listed=transforms(*listed))
    refused(crafted(LEAF, "<a>@</a>", [whole]), "xml_transform_forbidden")


XPATH = "<ds:XPath>not(ancestor-or-self::b)</ds:XPath>"


@pytest.mark.parametrize(
    "listed",
    [
        [transform(EXCLUSIVE)] * 3,
        [transform("http://www.w3.org/TR/1999/REC-xpath-19991116", XPATH)],
        [transform("http://www.w3.org/TR/1999/REC-xslt-19991116")],
        [transform(f"{DS}base64")],
        [transform("http://www.w3.org/2000/09/xmldsig#minimal")],
        [transform("")],
        [transform(EXCLUSIVE, "<ds:XPath>1</ds:XPath>")],
    ],
)
def test_other_transforms_are_never_taken(listed: list[str]) -> None:
    whole = reference(LEAF, "<a></a>", listed=transforms(transform(ENVELOPED), *listed))
    document = crafted(LEAF, "<a><b>unsigned</b>@</a>", [whole])
    open_to_doubt(document, "xml_transform_unsupported")


def test_an_unknown_transform_in_front_is_refused() -> None:
    listed = transforms(
        transform("http://www.w3.org/2002/06/xmldsig-filter2", XPATH), transform(EXCLUSIVE)
    )
    document = crafted(LEAF, "<a>@</a>", [reference(LEAF, "<a></a>", listed=listed)])
    refused(document, "xml_transform_forbidden")


def test_a_stylesheet_is_not_even_read() -> None:
    sheet = (
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">'
        "</xsl:stylesheet>"
    )
    listed = transforms(
        transform(ENVELOPED), transform("http://www.w3.org/TR/1999/REC-xslt-19991116", sheet)
    )
    document = crafted(LEAF, "<a>@</a>", [reference(LEAF, "<a></a>", listed=listed)])
    refused(document, "xml_signature_malformed")


@pytest.mark.parametrize(("kind", "prefixes"), [(EXCLUSIVE, "p " * 40), (INCLUSIVE, "p")])
def test_prefixes_that_cannot_be_kept_are_never_taken(kind: str, prefixes: str) -> None:
    named = (
        f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes.strip()}">'
        "</ec:InclusiveNamespaces>"
    )
    listed = transforms(transform(ENVELOPED), transform(kind, named))
    document = crafted(LEAF, "<a>@</a>", [reference(LEAF, "<a></a>", listed=listed)])
    open_to_doubt(document, "xml_transform_unsupported")


def test_another_canonical_form_of_the_signature_is_never_taken() -> None:
    document = crafted(LEAF, "<a>@</a>", [reference(LEAF, "<a></a>")], canonical="urn:none")
    open_to_doubt(document, "xml_transform_unsupported")


@pytest.mark.parametrize("uri", ["#b", "#none", "http://127.0.0.1:9/"])
def test_what_is_referred_to_besides_the_document_is_never_taken_for_signed(uri: str) -> None:
    whole = reference(LEAF, '<a><b Id="b"></b></a>')
    part = reference(LEAF, '<b Id="b"></b>', uri=uri, listed="")
    document = crafted(LEAF, '<a><b Id="b"/>@</a>', [part, whole])
    open_to_doubt(document, "xml_reference_unsupported")


def test_what_has_no_canonical_form_is_refused() -> None:
    document = crafted(LEAF, '<a xmlns="relative">@</a>', [reference(LEAF, "<a></a>")])
    refused(document, "xml_not_canonical")
    document = crafted(
        LEAF, '<a xml:base="b/">@</a>', [reference(LEAF, "<a></a>")], canonical=INCLUSIVE_11
    )
    refused(document, "xml_not_canonical")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ds:DigestValue>", "<ds:DigestValue><!-- a -->"),
        ("<ds:SignatureValue>", "<ds:SignatureValue><?a?>"),
        ("<ds:SignedInfo>", "<ds:SignedInfo><!-- a -->"),
        ("<ds:KeyInfo>", "<ds:KeyInfo>text"),
        ("</ds:KeyInfo>", "</ds:KeyInfo>text"),
        ("<ds:KeyInfo>", '<ds:KeyInfo><a xmlns="urn:a">unsigned</a>'),
        ("<ds:SignedInfo>", '<ds:SignedInfo note="1">'),
        ("<ds:SignedInfo>", '<ds:SignedInfo xml:lang="kk">'),
        ("<ds:SignatureValue>", '<ds:SignatureValue note="1">'),
        ("<ds:Signature ", '<ds:Signature note="1" '),
        ("<ds:Reference ", '<ds:Reference note="1" '),
        ("</ds:CanonicalizationMethod>", "1</ds:CanonicalizationMethod>"),
        ("</ds:SignatureMethod>", "<ds:HMACOutputLength/></ds:SignatureMethod>"),
        ("</ds:DigestMethod>", "1</ds:DigestMethod>"),
        ("</ds:KeyInfo>", "</ds:KeyInfo><ds:KeyInfo></ds:KeyInfo>"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>!"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>ә"),
        ("<ds:DigestValue>", "<ds:DigestValue>A"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>*"),
        ("<ds:KeyInfo>", "<ds:KeyInfo>" + "<ds:KeyName></ds:KeyName>" * 500),
        ("<ds:X509Data>", "<ds:X509Data>" + "<ds:X509Certificate></ds:X509Certificate>" * 9),
    ],
)  # fmt: skip
def test_anything_odd_in_a_signature_is_refused(old: str, new: str) -> None:
    refused(changed(PLAIN, old, new), "xml_signature_malformed")


def test_parts_out_of_their_order_are_refused() -> None:
    text = PLAIN.decode()
    start, end = text.index("<ds:SignatureValue>"), text.index("<ds:KeyInfo>")
    value = text[start:end]
    refused(
        text.replace(value, "").replace("<ds:SignedInfo>", f"{value}<ds:SignedInfo>").encode(),
        "xml_signature_malformed",
    )
    refused(text.replace(value, "").encode(), "xml_signature_malformed")


def test_data_beside_the_document_is_told_to_be_unchecked() -> None:
    held = "<ds:Object><more xmlns='urn:more'>unsigned</more></ds:Object>"
    document = crafted(LEAF, "<a>@</a>", [reference(LEAF, "<a></a>")], more=held)
    open_to_doubt(document, "xml_object_unsupported")


@pytest.mark.parametrize(
    ("place", "algorithm"),
    [
        ("SignatureMethod", f"{DS}rsa-sha1"),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha1"),
        ("SignatureMethod", f"{DS}dsa-sha1"),
        ("SignatureMethod", f"{DS}hmac-sha1"),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        ("SignatureMethod", ""),
        ("DigestMethod", f"{DS}sha1"),
        ("DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
    ],
)
def test_weak_and_unknown_algorithms_are_not_taken(place: str, algorithm: str) -> None:
    text = PLAIN.decode()
    used = text.split(f'<ds:{place} Algorithm="')[1].split('"')[0]
    found = verified(text.replace(used, algorithm).encode())
    assert found.status != "valid"
    assert "algorithm_unsupported" in codes(found)


def test_the_method_must_fit_the_key() -> None:
    gost = individual(Scheme.GOST512)
    text = PLAIN.decode().replace(LEAF.key.suite.xml_signature, gost.key.suite.xml_signature)
    assert verified(text.encode()).status == "invalid"
    own, other = (
        base64.b64encode(leaf.certificate_der).decode()
        for leaf in (gost, individual(Scheme.GOST256))
    )
    signed = sample(Scheme.GOST512)
    found = verified(changed(signed, own, other), trust(*Scheme))
    assert "algorithm_mismatch" in codes(found)


def test_a_signature_without_a_certificate_proves_nothing() -> None:
    text = PLAIN.decode()
    start, end = text.index("<ds:KeyInfo>"), text.index("</ds:Signature>")
    refused((text[:start] + text[end:]).encode(), "certificate_missing", "indeterminate")
    named = "<ds:KeyInfo><ds:KeyName>a key of mine</ds:KeyName></ds:KeyInfo>"
    refused((text[:start] + named + text[end:]).encode(), "certificate_missing", "indeterminate")
    broken = (
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo>"
    )
    refused((text[:start] + broken + text[end:]).encode(), "certificate_broken")


def test_one_bad_signature_spoils_the_document() -> None:
    good = crafted(LEAF, "<a>@$</a>", [reference(LEAF, "<a></a>")]).decode()
    other = head(Scheme.RSA)
    bad = crafted(other, "@", [reference(other, "<b></b>")]).decode()
    found = verified(good.replace("$", bad).encode())
    assert [signer.status for signer in found.signers] == ["valid", "invalid"]
    assert found.status == "invalid"
    assert "content_changed" in codes(found.signers[1])


def test_a_document_without_a_signature_is_signed_by_nobody() -> None:
    found = verified(DOCUMENT)
    assert found.status == "invalid"
    assert codes(found) == {"no_signers"}
    assert found.signers == ()


def test_a_signature_of_another_namespace_is_no_signature() -> None:
    found = verified(PLAIN.replace(DS.encode(), b"urn:other"))
    assert codes(found) == {"no_signers"}


def test_the_transforms_used_here_are_the_allowed_ones() -> None:
    assert USUAL in PLAIN.decode()
    assert only(verified(PLAIN)).algorithm == "RSA-SHA256"
