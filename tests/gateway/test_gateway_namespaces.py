"""Messages that others write with a default namespace, signed by xmlsec1 and not by our code."""

import subprocess
from itertools import product
from pathlib import Path

import pytest
from lxml import etree

from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.dsig import packed
from kualik.gateway.adapters.envelope.names import ASYNC, SOAP
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.adapters.wsse import LeafKey
from kualik.gateway.adapters.wsse_shape import BASE64, WSSE, WSU, X509V3
from kualik.signatures.adapters.xml_shape import DS, EXCLUSIVE, Form
from tests.gateway.conftest import NOW, BusKeys

INFO = (
    "<messageInfo><messageId>1</messageId><correlationId>1</correlationId><serviceId>S</serviceId>"
    f"<messageType>REQUEST</messageType><messageDate>{NOW.isoformat()}</messageDate>"
    '<sender><senderId>pep</senderId></sender></messageInfo><messageData><data xmlns:q="urn:q">'
    '<q:r><y xmlns="urn:y"/><z/></q:r></data></messageData>'
)


def named(prefix: str, uri: str, *, is_default: bool) -> tuple[str, str]:
    """A prefix with its colon, or none, and the declaration."""
    return ("", f' xmlns="{uri}"') if is_default else (f"{prefix}:", f' xmlns:{prefix}="{uri}"')


def template(key: LeafKey, defaults: tuple[bool, ...], *, prefixes: str, around: str) -> str:
    """A message with an unfinished header; ``defaults``: which of envelope, signature, security
    and operation are written without a prefix, ``around`` stands in the envelope's tag."""
    uris = (("s", SOAP), ("d", DS), ("w", WSSE), ("a", ASYNC))
    pairs = zip(uris, defaults, strict=True)
    made = [named(*uri, is_default=is_default) for uri, is_default in pairs]
    (s, soap), (d, dsig), (w, wsse_), (a, operation) = made
    kept = ""
    if prefixes:
        kept = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>'
    bare = ' xmlns=""' if defaults[0] or defaults[3] else ""
    rsa, sha = LeafKey(key.leaf).signature_method, key.digest_method
    return (
        f"<{s}Envelope{soap}{around}><{s}Header><{w}Security{wsse_}><{d}Signature{dsig}>"
        f'<{d}SignedInfo><{d}CanonicalizationMethod Algorithm="{EXCLUSIVE}">{kept}'
        f'</{d}CanonicalizationMethod><{d}SignatureMethod Algorithm="{rsa}"/>'
        f'<{d}Reference URI="#id-1"><{d}Transforms><{d}Transform Algorithm="{EXCLUSIVE}">{kept}'
        f'</{d}Transform></{d}Transforms><{d}DigestMethod Algorithm="{sha}"/><{d}DigestValue/>'
        f"</{d}Reference></{d}SignedInfo><{d}SignatureValue/><{d}KeyInfo>"
        f"<{w}SecurityTokenReference{wsse_}>"
        f'<{w}KeyIdentifier EncodingType="{BASE64}" ValueType="{X509V3}">'
        f"{packed(key.certificate_der)}</{w}KeyIdentifier></{w}SecurityTokenReference></{d}KeyInfo>"
        f"</{d}Signature></{w}Security></{s}Header>"
        f'<{s}Body xmlns:u="{WSU}" u:Id="id-1"><{a}sendMessage{operation}><request{bare}>{INFO}'
        f"</request></{a}sendMessage></{s}Body></{s}Envelope>"
    )


def signed_by_others(text: str, key: LeafKey, folder: Path) -> bytes:
    private, made, done = folder / "key.der", folder / "message.xml", folder / "signed.xml"
    private.write_bytes(key.leaf.key.private_bytes())
    made.write_text(text, encoding="utf-8")
    asked = ["xmlsec1", "--sign", "--privkey-der", str(private), "--id-attr:Id", f"{SOAP}:Body"]
    subprocess.run([*asked, "--output", str(done), str(made)], capture_output=True, check=True)
    return done.read_bytes()


@pytest.mark.parametrize("defaults", list(product((False, True), repeat=4)), ids=str)
def test_a_message_without_prefixes_is_proven(
    bus_keys: BusKeys, tmp_path: Path, defaults: tuple[bool, ...]
) -> None:
    text = template(bus_keys.portal, defaults, prefixes="", around="")
    proven(signed_by_others(text, bus_keys.portal, tmp_path), bus_keys.portal)


@pytest.mark.parametrize("prefixes", ["#default", "#default zz", "zz"])
@pytest.mark.parametrize("around", ["", ' xmlns:zz="urn:z"', ' xmlns="urn:around"'])
@pytest.mark.parametrize("has_defaults", [False, True])
def test_the_default_namespace_may_be_named_among_the_prefixes_that_are_kept(
    bus_keys: BusKeys, tmp_path: Path, prefixes: str, around: str, *, has_defaults: bool
) -> None:
    """Libraries in Java name it wherever an envelope declares one."""
    defaults = (False, has_defaults, False, has_defaults)
    text = template(bus_keys.portal, defaults, prefixes=prefixes, around=around)
    proven(signed_by_others(text, bus_keys.portal, tmp_path), bus_keys.portal)


def proven(raw: bytes, key: LeafKey) -> None:
    assert wsse.verify(raw, pinned=[key.certificate_der], now=NOW) == key.certificate_der
    changed = raw.replace(b"<messageId>1<", b"<messageId>2<")
    with pytest.raises(GatewayFault, match="2015"):
        wsse.verify(changed, pinned=[key.certificate_der], now=NOW)
    assert envelope.named_in(envelope.open_body(raw)) == "sendMessage"


def test_an_instruction_is_no_element_of_the_form_that_keeps_the_default_namespace() -> None:
    root = etree.fromstring('<a xmlns="urn:a"><p:b xmlns:p="urn:p"><?x <c> ?><c/>&lt;</p:b></a>')
    made = Form(EXCLUSIVE, ("",)).of(root[0])
    assert made == (b'<p:b xmlns="urn:a" xmlns:p="urn:p"><?x <c> ?><c></c>&lt;</p:b>')
