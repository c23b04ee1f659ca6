"""Enveloped XML signatures that hold, and what is told about their signers."""

import base64
from datetime import timedelta

import pytest

from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_xml
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.verdicts import Verification
from kualik.signatures.services.xml_verification import verify_xml
from tests.signatures.authorities import NOW, authentication, expired, head, individual
from tests.signatures.verification import codes, only, trust
from tests.signatures.xml_samples import (
    CONTENT,
    DOCUMENT,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    changed,
    crafted,
    reference,
    sample,
    transform,
    transforms,
    verified,
)

TIMELESS = {"time_unknown"}
RSA = Scheme.RSA
WHOLE_CONTEXT = ' xmlns:q="urn:q" xml:id="i" xml:lang="kk" xml:space="preserve"'


def verified_with_list(leaf: Leaf, document: bytes) -> Verification:
    return verified(document, trust(leaf.key.suite.scheme))


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("line_breaks", [True, False])
def test_a_signature_of_each_kind_holds(scheme: Scheme, exclusive: bool, line_breaks: bool) -> None:
    document = sign_xml(individual(scheme), DOCUMENT, exclusive=exclusive, line_breaks=line_breaks)
    found = verified(document, trust(scheme))
    assert found.status == "valid"
    assert codes(found) == TIMELESS
    assert found.is_attached
    assert found.content == CONTENT


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_identifier_of_the_root_means_the_whole_document(exclusive: bool) -> None:
    found = verified(sample(exclusive=exclusive, reference_id="all"))
    assert found.status == "valid"
    assert found.content == CONTENT


def test_the_answer_tells_who_signed() -> None:
    leaf = head(Scheme.GOST512)
    found = verified_with_list(leaf, sign_xml(leaf, DOCUMENT, exclusive=False))
    signer = only(found)
    assert signer.status == "valid"
    assert signer.person == "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ"
    assert signer.iin == "900101300019"
    assert signer.organisation == "«ДЕМО» МЕДИЦИНА УНИВЕРСИТЕТІ"
    assert signer.bin == "990140000015"
    assert signer.roles == ("legal_entity", "first_head")
    assert signer.algorithm == "GOST3410-2015-512"
    assert signer.signed_at is None
    assert signer.signed_at_source == "none"
    assert signer.certificate_der == leaf.certificate_der


def test_comments_are_not_signed_and_not_shown() -> None:
    other = changed(sample(), "<!-- a comment -->", "<!-- another --><!-- and more -->")
    found = verified(other)
    assert found.status == "valid"
    assert found.content == CONTENT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("белгі", "белгi"),
        ("<empty/>", "<empty/> "),
        (' a="1"', ' a="2"'),
        ('xml:lang="kk"', 'xml:lang="ru"'),
        ("<empty/>", '<empty xmlns="urn:other"/>'),
        ("<empty/>", "<?run it?><empty/>"),
        ("<login", "<?run it?><login"),
        ("</login>", "</login><?run it?>"),
        ("<ds:Signature ", "text<ds:Signature "),
        ("</ds:Signature>", "</ds:Signature><more/>"),
    ],
)
@pytest.mark.parametrize("exclusive", [True, False])
def test_a_changed_document_is_refused(old: str, new: str, exclusive: bool) -> None:
    found = verified(changed(sample(exclusive=exclusive), old, new))
    assert found.status == "invalid"
    assert "content_changed" in codes(found)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_changed_signature_is_refused(scheme: Scheme) -> None:
    document = sample(scheme).decode()
    value = document.split("<ds:SignatureValue>")[1].split("<")[0]
    turned = base64.b64encode(base64.b64decode(value)[::-1]).decode()
    found = verified(document.replace(value, turned).encode(), trust(scheme))
    assert found.status == "invalid"
    assert codes(found) == {"signature_broken", *TIMELESS}


def test_a_new_digest_does_not_fit_the_signature() -> None:
    other = sign_xml(individual(RSA), DOCUMENT.replace(b"<empty/>", b""), exclusive=True).decode()
    mine = sample().decode()

    def value(text: str) -> str:
        return text.split("<ds:DigestValue>")[1].split("<")[0]

    found = verified(mine.replace("<empty/>", "").replace(value(mine), value(other)).encode())
    assert codes(found) == {"signature_broken", *TIMELESS}


def test_a_swapped_certificate_is_refused() -> None:
    own, others = (
        base64.b64encode(leaf.certificate_der).decode() for leaf in (individual(RSA), head(RSA))
    )
    found = verified(changed(sample(), own, others))
    assert "signature_broken" in codes(found)
    gost = base64.b64encode(individual(Scheme.GOST512).certificate_der).decode()
    assert verified(changed(sample(), own, gost)).status == "invalid"


def test_the_signer_is_found_among_the_certificates_of_the_chain() -> None:
    leaf = individual(RSA)
    own = base64.b64encode(leaf.certificate_der).decode()
    above = base64.b64encode(leaf.chain[0]).decode()
    mark = "<ds:X509Certificate>"
    document = changed(sample(), mark + own, f"{mark}{above}</ds:X509Certificate>{mark}{own}")
    roots = TrustDirectory(trust(RSA).anchors, (), trust(RSA).evidence)
    found = verified(document, roots)
    assert only(found).certificate_der == leaf.certificate_der
    # An authority that came with the signature is not the operator's choice.
    assert found.status == "indeterminate"
    assert "authority_revocation_unknown" in codes(found)
    assert "certificate_not_trusted" in codes(verified(sample(), roots))


@pytest.mark.parametrize("schemes", [(RSA, Scheme.GOST512), (Scheme.GOST256, RSA)])
def test_signers_one_after_another_all_hold(schemes: tuple[Scheme, Scheme]) -> None:
    first, second = schemes
    once = sign_xml(individual(first), DOCUMENT, exclusive=False)
    twice = sign_xml(head(second), once, exclusive=True)
    found = verified(twice, trust(RSA, Scheme.GOST512, Scheme.GOST256))
    assert found.status == "valid"
    assert [codes(signer) for signer in found.signers] == [
        {"xml_signed_before_others", *TIMELESS},
        TIMELESS,
    ]
    assert found.content == CONTENT
    changed_after = verified(changed(twice, "белгі", "белгi"), trust(*Scheme))
    assert [signer.status for signer in changed_after.signers] == ["invalid", "invalid"]


def test_taking_an_earlier_signature_away_breaks_the_later() -> None:
    once = sign_xml(individual(RSA), DOCUMENT, exclusive=True).decode()
    twice = sign_xml(head(RSA), once.encode(), exclusive=True).decode()
    start, end = twice.index("<ds:Signature "), twice.index("</ds:Signature>")
    found = verified((twice[:start] + twice[end + len("</ds:Signature>") :]).encode())
    assert "content_changed" in codes(only(found))


def test_a_signature_may_stand_before_the_content() -> None:
    leaf = individual(RSA)
    document = crafted(leaf, "<a>\n@\n<b/></a>", [reference(leaf, "<a>\n\n<b></b></a>")])
    assert verified(document).status == "valid"


def test_the_last_signature_may_stand_first() -> None:
    leaf, second = individual(RSA), head(RSA)
    inner = crafted(leaf, "@", [reference(leaf, "<a></a>")]).decode()
    # The canonical form of a signature that holds no empty element is the signature itself.
    outer = crafted(second, f"<a>@{inner}</a>", [reference(second, f"<a>{inner}</a>")])
    found = verified(outer)
    assert [signer.status for signer in found.signers] == ["valid", "invalid"]
    assert "content_changed" in codes(found.signers[1])


def test_signatures_without_a_prefix_hold() -> None:
    leaf = individual(RSA)
    document = crafted(leaf, '<a xmlns="urn:a">@</a>', [reference(leaf, '<a xmlns="urn:a"></a>')])
    plain = document.replace(b"ds:", b"").replace(b"xmlns:ds", b"xmlns")
    info = plain[plain.index(b"<SignedInfo>") : plain.index(b"<SignatureValue>")]
    value = plain.split(b"<SignatureValue>")[1].split(b"<")[0]
    signed = info.replace(b"<SignedInfo>", f'<SignedInfo xmlns="{DS}">'.encode())
    plain = plain.replace(value, base64.b64encode(leaf.key.sign(signed)))
    assert verified(plain.replace(b"Signature xmlns:ds", b"Signature xmlns")).status == "valid"


def test_the_canonical_form_is_inclusive_where_none_is_named() -> None:
    leaf = individual(RSA)
    covered = '<a xmlns:q="urn:q"></a>'
    listed = transforms(transform(ENVELOPED))
    document = crafted(leaf, '<a xmlns:q="urn:q">@</a>', [reference(leaf, covered, listed=listed)])
    assert verified(document).status == "valid"
    exclusive = crafted(
        leaf, '<a xmlns:q="urn:q">@</a>', [reference(leaf, "<a></a>", listed=listed)]
    )
    assert "content_changed" in codes(verified(exclusive))


def test_the_exclusive_form_may_keep_named_prefixes() -> None:
    leaf = individual(RSA)
    kept = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="q r">'
    listed = transforms(
        transform(ENVELOPED), transform(EXCLUSIVE, f"{kept}</ec:InclusiveNamespaces>")
    )
    source = '<p:a xmlns:p="urn:p" xmlns="urn:d" xmlns:q="urn:q" xmlns:s="urn:s">@</p:a>'
    covered = '<p:a xmlns:p="urn:p" xmlns:q="urn:q"></p:a>'
    document = crafted(leaf, source, [reference(leaf, covered, listed=listed)])
    assert verified(document).status == "valid"


@pytest.mark.parametrize(
    ("canonical", "context"),
    [
        (INCLUSIVE, WHOLE_CONTEXT),
        (f"{INCLUSIVE}#WithComments", WHOLE_CONTEXT),
        (INCLUSIVE_11, WHOLE_CONTEXT.replace(' xml:id="i"', "")),
        (f"{INCLUSIVE_11}#WithComments", WHOLE_CONTEXT.replace(' xml:id="i"', "")),
        (EXCLUSIVE, ""),
        (f"{EXCLUSIVE}WithComments", ""),
    ],
)
def test_each_canonical_form_takes_its_own_from_the_root(canonical: str, context: str) -> None:
    leaf = individual(RSA)
    source = '<a xml:space="preserve" xml:lang="kk" xml:id="i" xmlns:q="urn:q" c="1">@</a>'
    inherited = ' xmlns:q="urn:q"' if context else ""
    covered = f'<a{inherited} c="1" xml:id="i" xml:lang="kk" xml:space="preserve"></a>'
    listed = transforms(transform(ENVELOPED), transform(canonical))
    document = crafted(
        leaf,
        source,
        [reference(leaf, covered, listed=listed)],
        canonical=canonical,
        context=context,
    )
    assert verified(document).status == "valid"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_the_encoding_of_the_file_does_not_matter(encoding: str) -> None:
    leaf = individual(RSA)
    signed = crafted(leaf, "<a>Куәлік@</a>", [reference(leaf, "<a>Куәлік</a>")]).decode()
    if encoding == "cp1251":
        signed = crafted(leaf, "<a>Да@</a>", [reference(leaf, "<a>Да</a>")]).decode()
    head_line = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    document = (head_line.replace("cp1251", "windows-1251") + signed).encode(encoding)
    assert verified(document).status == "valid"
    assert verified(b"\n " + signed.encode()).status == "valid"


def test_trust_dates_and_revocation_are_judged() -> None:
    serial = individual(RSA).serial
    revoked = trust(RSA, revoked=((serial, NOW - timedelta(days=1)),))
    assert "certificate_revoked" in codes(verified(sample(), revoked))
    assert "certificate_not_trusted" in codes(verified(sample(), TrustDirectory()))
    assert "certificate_not_trusted" in codes(verified(sample(), trust(Scheme.GOST512)))
    unknown = verified(sample(), trust(RSA, with_list=False))
    assert unknown.status == "indeterminate"
    assert "revocation_no_data" in codes(unknown)
    late = sign_xml(expired(RSA), DOCUMENT, exclusive=True)
    assert "certificate_expired" in codes(verified(late))
    assert "certificate_expired" not in codes(verified(late, at=NOW - timedelta(days=2)))
    early = verified(sample(), at=NOW - timedelta(days=40))
    assert "certificate_not_yet_valid" in codes(early)


def test_a_key_for_logging_in_signs_no_document() -> None:
    document = sign_xml(authentication(RSA), DOCUMENT, exclusive=True)
    assert "key_for_authentication" in codes(verified(document))
    login = verify_xml(document=document, trust=trust(RSA), at=None, now=NOW, purpose="login")
    assert login.status == "valid"


def test_revocation_is_not_asked_where_it_is_not_wanted() -> None:
    found = verify_xml(
        document=sample(),
        trust=trust(RSA, with_list=False),
        at=None,
        now=NOW,
        is_revocation_required=False,
    )
    assert found.status == "valid"
    assert "revocation_skipped" in codes(found)
