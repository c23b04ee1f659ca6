"""The signature of the transport: what it covers, who may make it, what tries to pass for it."""

import base64
import copy
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from kualik.gateway.adapters import business, envelope, wsse
from kualik.gateway.adapters.envelope import GatewayFault
from kualik.gateway.adapters.faults import EXPIRED, PARSE, SIGNATURE, SIGNING
from kualik.gateway.adapters.transport_keys import (
    GOST_SIGNATURE,
    OLD_GOST_DIGEST,
    OLD_GOST_SIGNATURE,
)
from kualik.gateway.adapters.wsse import LeafKey
from kualik.gateway.adapters.wsse_shape import SECURITY, SIGNATURE_TAG, WSSE, WSU, WSU_ID
from kualik.signatures.adapters.gost import GOST_2004, GostPrivateKey
from kualik.signatures.adapters.test_authority import Scheme, Subject
from kualik.signatures.adapters.test_authority.schemes import GostKey, Suite
from kualik.signatures.adapters.test_authority.storage import held_hierarchy, sealing_key
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.adapters.xml_shape import DS, EXCLUSIVE
from kualik.signatures.services.xml_verification import verify_xml
from tests.gateway.conftest import NOW, BusKeys
from tools.portal import wire

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
BODY, HEADER = f"{{{SOAP}}}Body", f"{{{SOAP}}}Header"
Attack = Callable[[etree._Element], None]


@pytest.fixture(scope="module")
def gost_key(founded_authorities: Path) -> LeafKey:
    authority = held_hierarchy(founded_authorities / Scheme.GOST512)
    subject = Subject(common_name="KUALIK TEST ПОРТАЛ", bin="990000000008")
    return LeafKey(authority.issue(subject, not_before=NOW - timedelta(days=60)))


def message(text: str = "<a>1</a>") -> bytes:
    return wire.async_message(
        service_id="S",
        message_type="REQUEST",
        sender_id="pep",
        now=NOW,
        data=text,
        message_id="1",
        correlation_id="2",
    )


def verified(raw: bytes, key: LeafKey) -> bytes:
    return wsse.verify(raw, pinned=[key.certificate_der], now=NOW)


def refusal(raw: bytes, key: LeafKey) -> str:
    with pytest.raises(GatewayFault) as found:
        verified(raw, key)
    return found.value.code


def test_a_signed_message_is_by_its_certificate_and_reads_as_before(bus_keys: BusKeys) -> None:
    raw = wsse.sign(message(), bus_keys.portal)
    assert verified(raw, bus_keys.portal) == bus_keys.portal.certificate_der
    assert envelope.read(raw).data == envelope.read(message()).data
    envelope.check(raw)


def test_a_key_of_gost_2015_signs_too(gost_key: LeafKey) -> None:
    raw = wsse.sign(message(), gost_key)
    assert GOST_SIGNATURE.encode() in raw
    assert verified(raw, gost_key) == gost_key.certificate_der
    assert refusal(raw.replace(b"&lt;a&gt;1", b"&lt;a&gt;2"), gost_key) == SIGNATURE


def test_a_stranger_cannot_have_us_hash_for_long(gost_key: LeafKey) -> None:
    """The pinned certificate is no secret, and SignedInfo is hashed before the key is proven."""
    raw = wsse.sign(message(), gost_key)
    identifier = etree.fromstring(raw).find(BODY).get(WSU_ID).encode()
    with pytest.raises(GatewayFault) as found:
        verified(raw.replace(identifier, identifier + b"x" * 500_000), gost_key)
    assert "SignedInfo" in found.value.message


def test_a_signature_by_gost_2004_is_read_too(founded_authorities: Path) -> None:
    """Nothing here makes such keys but this test; old systems of the state still sign by them."""
    authority = held_hierarchy(founded_authorities / Scheme.GOST512)
    suite = Suite(
        scheme=Scheme.GOST256,
        label="GOST 2004",
        signature_oid=GOST_2004.signature_oid,
        hash_oid=GOST_2004.hash_oid,
        stamp_policy="",
        xml_signature=OLD_GOST_SIGNATURE,
        xml_digest=OLD_GOST_DIGEST,
    )
    private = GostPrivateKey.derive(oid=suite.signature_oid, seed=b"2004" * 8)
    made = GostKey(suite, private, private.spki_der, b"")
    key = LeafKey(authority.issue(Subject(common_name="OLD"), not_before=NOW, key=made))
    raw = wsse.sign(message(), key)
    assert verified(raw, key) == key.certificate_der
    assert refusal(raw.replace(b"&lt;a&gt;1", b"&lt;a&gt;2"), key) == SIGNATURE


def test_a_key_of_a_store_signs_as_the_same_key_does(bus_keys: BusKeys) -> None:
    key = wsse.StoreKey(sealing_key(bus_keys.portal.leaf))
    assert key.certificate_der == bus_keys.portal.certificate_der
    assert verified(wsse.sign(message(), key), bus_keys.portal)


def test_the_header_is_of_the_shape_that_the_bus_knows(bus_keys: BusKeys) -> None:
    root = etree.fromstring(wsse.sign(message(), bus_keys.portal))
    sample = etree.parse(
        Path(__file__).parents[1] / "fixtures/gateway/samples/20-wsse-header-shape.xml"
    ).getroot()
    made, known = (one.find(HEADER) for one in (root, sample))
    assert [one.tag for one in made.iter()] == [one.tag for one in known.iter("*")]
    for mine, theirs in zip(made.iter(), known.iter("*"), strict=True):
        assert set(mine.attrib) == set(theirs.attrib)
    assert root.find(BODY).get(WSU_ID).startswith("id-")


def is_good_for_xmlsec(raw: bytes, key: LeafKey, folder: Path) -> bool:
    certificate, signed = folder / "key.der", folder / "message.xml"
    certificate.write_bytes(key.certificate_der)
    signed.write_bytes(raw)
    asked = ["xmlsec1", "--verify", "--pubkey-cert-der", str(certificate)]
    asked += ["--enabled-key-data", "key-name", "--id-attr:Id", f"{SOAP}:Body", str(signed)]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def test_xmlsec_verifies_what_we_sign(bus_keys: BusKeys, tmp_path: Path) -> None:
    key = bus_keys.portal
    for raw in (message(), message("<a>ә\r\n <b/> </a>"), typed()):
        assert is_good_for_xmlsec(wsse.sign(raw, key), key, tmp_path)
    changed = wsse.sign(message(), key).replace(b"&gt;1&lt;", b"&gt;2&lt;")
    assert not is_good_for_xmlsec(changed, key, tmp_path)


def typed() -> bytes:
    inner = '<cs:Request xmlns:cs="urn:q"><iin>1</iin></cs:Request>'
    return envelope.sync_response(message_id="1", now=NOW, data=inner, shape="typed")


def test_a_signature_that_keeps_prefixes_of_the_envelope_is_read(
    bus_keys: BusKeys, tmp_path: Path
) -> None:
    """Libraries in Java name prefixes that the exclusive form shall keep."""
    raw = prefixed(wsse.sign(message(), bus_keys.portal), bus_keys.portal)
    assert b"InclusiveNamespaces" in raw
    assert verified(raw, bus_keys.portal)
    assert is_good_for_xmlsec(raw, bus_keys.portal, tmp_path)
    assert refusal(raw.replace(b"&gt;1&lt;", b"&gt;2&lt;"), bus_keys.portal) == SIGNATURE


def prefixed(raw: bytes, key: LeafKey) -> bytes:
    root = etree.fromstring(raw)
    for name in ("CanonicalizationMethod", "Transform"):
        element = next(root.iter(f"{{{DS}}}{name}"))
        kept = etree.SubElement(
            element, f"{{{EXCLUSIVE}}}InclusiveNamespaces", nsmap={"ec": EXCLUSIVE}
        )
        kept.set("PrefixList", "soap")
    resign(root, key, ["soap"])
    return etree.tostring(root)


def resign(root: etree._Element, key: LeafKey, kept: list[str] | None = None) -> None:
    """Make digest and value right for what stands there."""

    def form(element: etree._Element) -> bytes:
        made: bytes = etree.tostring(
            element, method="c14n", exclusive=True, inclusive_ns_prefixes=kept, with_comments=False
        )
        return made

    reference = next(root.iter(f"{{{DS}}}Reference"))
    uri = reference.get("URI", "")[1:]
    body = next((one for one in root.iter(BODY) if one.get(WSU_ID) == uri), root.find(BODY))
    next(root.iter(f"{{{DS}}}DigestValue")).text = encoded(key.digest(form(body)))
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    next(root.iter(f"{{{DS}}}SignatureValue")).text = encoded(key.sign(form(info)))


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def attacked(key: LeafKey, attack: Attack, *, again: bool = False) -> bytes:
    root = etree.fromstring(wsse.sign(message(), key))
    attack(root)
    if again:
        resign(root, key)
    return etree.tostring(root)


def other_body(root: etree._Element, **attributes: str) -> etree._Element:
    body = etree.fromstring(message("<a>666</a>")).find(BODY)
    for name, value in attributes.items():
        body.set(name, value)
    return body


def wrap_in_header(root: etree._Element) -> None:
    """The signed Body goes into the header, another one stands in its place."""
    signed = root.find(BODY)
    root.replace(signed, other_body(root))
    etree.SubElement(root.find(HEADER), "wrapper").append(signed)


def wrap_with_the_same_id(root: etree._Element) -> None:
    signed = root.find(BODY)
    body = other_body(root)
    body.set(WSU_ID, signed.get(WSU_ID))
    root.replace(signed, body)
    etree.SubElement(root.find(HEADER), "wrapper").append(signed)


def wrap_inside_the_new_body(root: etree._Element) -> None:
    signed = root.find(BODY)
    body = other_body(root)
    body.set(WSU_ID, "id-other")
    root.replace(signed, body)
    next(body.iter("data")).append(signed)


def wrap_in_the_signature(root: etree._Element) -> None:
    signed = root.find(BODY)
    root.replace(signed, other_body(root))
    held = etree.SubElement(next(root.iter(SIGNATURE_TAG)), f"{{{DS}}}Object")
    held.append(signed)


def add_a_second_body(root: etree._Element) -> None:
    root.append(other_body(root))


def put_another_body_first(root: etree._Element) -> None:
    root.insert(1, other_body(root))


def give_another_element_the_id(root: etree._Element) -> None:
    etree.SubElement(root.find(HEADER), "x").set("ID", root.find(BODY).get(WSU_ID))


def repeat_the_signature(root: etree._Element) -> None:
    signature = next(root.iter(SIGNATURE_TAG))
    signature.getparent().append(copy.deepcopy(signature))


def repeat_the_security_header(root: etree._Element) -> None:
    header = root.find(HEADER)
    header.append(copy.deepcopy(header[0]))


def move_the_security_header_into_the_body(root: etree._Element) -> None:
    next(root.iter("data")).append(root.find(HEADER)[0])


def add_a_signature_beside_the_header(root: etree._Element) -> None:
    root.find(HEADER).append(copy.deepcopy(next(root.iter(SIGNATURE_TAG))))


def refer_to_the_whole_document(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "")


def refer_to_nothing(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "#id-none")


def refer_to_the_header(root: etree._Element) -> None:
    root.find(HEADER).set(WSU_ID, "id-header")
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "#id-header")


def refer_twice(root: etree._Element) -> None:
    reference = next(root.iter(f"{{{DS}}}Reference"))
    reference.addnext(copy.deepcopy(reference))


def transform_by_xpath(root: etree._Element) -> None:
    transform = next(root.iter(f"{{{DS}}}Transform"))
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(transform, f"{{{DS}}}XPath").text = "not(ancestor-or-self::data)"


def transform_twice(root: etree._Element) -> None:
    transform = next(root.iter(f"{{{DS}}}Transform"))
    transform.addnext(copy.deepcopy(transform))


def sign_by_hmac(root: etree._Element) -> None:
    method = next(root.iter(f"{{{DS}}}SignatureMethod"))
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")


def sign_by_sha1(root: etree._Element) -> None:
    method = next(root.iter(f"{{{DS}}}SignatureMethod"))
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")


def name_gost_over_an_rsa_key(root: etree._Element) -> None:
    method = next(root.iter(f"{{{DS}}}SignatureMethod"))
    method.set("Algorithm", OLD_GOST_SIGNATURE)


def name_another_form_of_a_key(root: etree._Element) -> None:
    held = next(root.iter(f"{{{WSSE}}}KeyIdentifier"))
    held.set("ValueType", held.get("ValueType").replace("X509v3", "X509SubjectKeyIdentifier"))


def add_a_token(root: etree._Element) -> None:
    root.find(HEADER)[0].insert(0, etree.Element(f"{{{WSSE}}}BinarySecurityToken"))


def add_a_timestamp(root: etree._Element) -> None:
    root.find(HEADER)[0].append(etree.Element(f"{{{WSU}}}Timestamp"))


def add_a_header_that_must_be_understood(root: etree._Element) -> None:
    etree.SubElement(root.find(HEADER), "{urn:x}x").set(f"{{{SOAP}}}mustUnderstand", "1")


def hide_a_comment_in_the_value(root: etree._Element) -> None:
    value = next(root.iter(f"{{{DS}}}SignatureValue"))
    comment = etree.Comment("x")
    comment.tail, value.text = value.text[10:], value.text[:10]
    value.append(comment)


def change_the_body(root: etree._Element) -> None:
    next(root.iter("correlationId")).text = "3"


def take_the_signature_out(root: etree._Element) -> None:
    root.find(HEADER).remove(root.find(HEADER)[0])


def take_the_header_out(root: etree._Element) -> None:
    root.remove(root.find(HEADER))


def empty_the_certificate(root: etree._Element) -> None:
    next(root.iter(f"{{{WSSE}}}KeyIdentifier")).text = ""


ATTACKS: list[tuple[Attack, str]] = [
    (wrap_in_header, SIGNATURE),
    (wrap_with_the_same_id, SIGNATURE),
    (wrap_inside_the_new_body, SIGNATURE),
    (wrap_in_the_signature, SIGNATURE),
    (add_a_second_body, PARSE),
    (put_another_body_first, PARSE),
    (give_another_element_the_id, SIGNATURE),
    (repeat_the_signature, SIGNATURE),
    (repeat_the_security_header, SIGNATURE),
    (move_the_security_header_into_the_body, SIGNATURE),
    (add_a_signature_beside_the_header, SIGNATURE),
    (refer_to_the_whole_document, SIGNATURE),
    (refer_to_nothing, SIGNATURE),
    (refer_to_the_header, SIGNATURE),
    (refer_twice, SIGNATURE),
    (transform_by_xpath, SIGNATURE),
    (transform_twice, SIGNATURE),
    (sign_by_hmac, SIGNATURE),
    (sign_by_sha1, SIGNATURE),
    (name_gost_over_an_rsa_key, SIGNATURE),
    (name_another_form_of_a_key, SIGNATURE),
    (add_a_token, SIGNATURE),
    (add_a_timestamp, SIGNATURE),
    (add_a_header_that_must_be_understood, SIGNATURE),
    (hide_a_comment_in_the_value, SIGNATURE),
    (change_the_body, SIGNATURE),
    (take_the_signature_out, SIGNATURE),
    (take_the_header_out, SIGNATURE),
    (empty_the_certificate, SIGNATURE),
]


@pytest.mark.parametrize(
    ("attack", "code"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS]
)
def test_nothing_else_passes_for_a_signature_over_the_body(
    bus_keys: BusKeys, attack: Attack, code: str
) -> None:
    assert refusal(attacked(bus_keys.portal, attack), bus_keys.portal) == code


SHAPES: list[Attack] = [
    refer_to_the_whole_document,
    refer_to_the_header,
    refer_twice,
    transform_twice,
    transform_by_xpath,
    sign_by_sha1,
    add_a_token,
]


@pytest.mark.parametrize("attack", SHAPES, ids=[attack.__name__ for attack in SHAPES])
def test_a_holder_of_the_key_cannot_sign_in_another_way_either(
    bus_keys: BusKeys, attack: Attack
) -> None:
    raw = attacked(bus_keys.portal, attack, again=True)
    assert refusal(raw, bus_keys.portal) == SIGNATURE


def test_making_the_signature_anew_is_what_a_good_message_survives(bus_keys: BusKeys) -> None:
    raw = attacked(bus_keys.portal, change_the_body, again=True)
    assert verified(raw, bus_keys.portal)


def test_a_certificate_that_is_not_pinned_is_nobody(bus_keys: BusKeys) -> None:
    raw = wsse.sign(message(), bus_keys.foreign)
    assert refusal(raw, bus_keys.portal) == SIGNATURE
    with pytest.raises(GatewayFault):
        wsse.verify(raw, pinned=[], now=NOW)


def test_a_pinned_certificate_over_the_signature_of_another_key_is_refused(
    bus_keys: BusKeys,
) -> None:
    raw = wsse.sign(message(), bus_keys.foreign)
    theirs, ours = (encoded(key.certificate_der) for key in (bus_keys.foreign, bus_keys.portal))
    assert refusal(raw.replace(theirs.encode(), ours.encode()), bus_keys.portal) == SIGNATURE


@pytest.mark.parametrize("days", [-61, 400])
def test_a_certificate_out_of_its_dates_is_refused(bus_keys: BusKeys, days: int) -> None:
    raw = wsse.sign(message(), bus_keys.portal)
    with pytest.raises(GatewayFault) as found:
        wsse.verify(raw, pinned=[bus_keys.portal.certificate_der], now=NOW + timedelta(days=days))
    assert found.value.code == EXPIRED


def test_a_message_is_signed_once(bus_keys: BusKeys) -> None:
    raw = wsse.sign(message(), bus_keys.portal)
    with pytest.raises(GatewayFault) as found:
        wsse.sign(raw, bus_keys.portal)
    assert found.value.code == SIGNING
    assert etree.fromstring(raw).find(f"{HEADER}/{SECURITY}") is not None


@pytest.mark.parametrize("shape", ["text", "element"])
@pytest.mark.parametrize("scheme", ["rsa", "gost"])
def test_a_document_signed_inside_is_good_whatever_shape_it_travels_in(
    bus_keys: BusKeys, gost_key: LeafKey, shape: envelope.Shape, scheme: str
) -> None:
    key = bus_keys.portal if scheme == "rsa" else gost_key
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><r xmlns="urn:r" xml:lang="kk">\n <b a="1">ә</b></r>'
    )
    signed = business.sign_document(xml, key)
    assert wire.has_signature(signed)
    assert not wire.has_signature(xml)
    assert etree.fromstring(signed.encode())[-1].tag == SIGNATURE_TAG
    raw = wsse.sign(envelope.sync_response(message_id="1", now=NOW, data=signed, shape=shape), key)
    assert verified(raw, key)
    arrived = envelope.read(raw).data.text
    assert own_faults(arrived) == set()
    assert own_faults(arrived.replace('a="1"', 'a="2"')) == {"content_changed"}


def own_faults(xml: str) -> set[str]:
    """What is wrong with the signature itself; whom it is by is nobody's question here."""
    verdict = verify_xml(
        document=xml.encode(),
        trust=TrustDirectory(),
        at=None,
        now=NOW,
        is_revocation_required=False,
    )
    (signer,) = verdict.signers
    about_trust = {"time_unknown", "certificate_not_trusted"}
    return {reason.code for reason in signer.reasons} - about_trust
