"""XML that was made to hurt: refused by name, soon, and without reading anything else."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services.xml_verification import verify_xml
from tests.signatures.authorities import NOW, individual
from tests.signatures.xml_samples import CONTENT, crafted, outcome, reference, sample, verified

MEGABYTE = 1024 * 1024
SECONDS = 20
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c '
    '"&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>'
)


def code_of(document: bytes) -> str:
    with pytest.raises(RuleViolation) as refused:
        verify_xml(document=document, trust=TrustDirectory(), at=None, now=NOW)
    return refused.value.code


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a SYSTEM "file:///etc/hosts"><a/>',
        '<!DOCTYPE a PUBLIC "a" "http://127.0.0.1:9/"><a/>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hosts">]><a>&e;</a>',
        '<!DOCTYPE a [<!ATTLIST a Id ID #IMPLIED b CDATA "unsigned">]><a Id="a"/>',
        LAUGHS,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(document: str, encoding: str) -> None:
    assert code_of(document.encode(encoding)) == "xml_dtd_forbidden"


@pytest.mark.parametrize(
    "document",
    [
        b"<a>", b"</a>", b"text", b"<a/><b/>", b"<a>&e;</a>", b"<q:a/>", b'<a b="1" b="2"/>',
        b"\xff\xfe", b"<a>\xff</a>", b"<a>\x00</a>", b"<a/>\x00", b"<a/>text",
        b'<?xml version="1.0" encoding="none"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="big5"?><a/>',
        b'<a xmlns:p="urn:p" xmlns:q="urn:p" p:x="1" q:x="2"/>',
        b"%PDF-1.7", b"PK\x03\x04", b"{}",
    ],
)  # fmt: skip
def test_what_is_not_xml_is_refused(document: bytes) -> None:
    assert code_of(document) == "xml_malformed"


@pytest.mark.parametrize("document", [b"", b" \n\t "])
def test_nothing_is_refused(document: bytes) -> None:
    assert code_of(document) == "xml_empty"


def test_limits_hold_and_are_soon_reached() -> None:
    started = time.monotonic()
    deep = b"<a>" * 200 + b"</a>" * 200
    spaces = "".join(f' xmlns:n{number}="urn:{number}"' for number in range(3000))
    marks = "".join(f' n{number}="1"' for number in range(3000))
    assert code_of(deep) == "xml_too_deep"
    assert code_of(b"<a>" * (10 * MEGABYTE // 3)) == "xml_too_deep"
    assert code_of(b"<a>" + b"<b/>" * 300_000 + b"</a>") == "xml_too_complex"
    assert code_of(f"<a{spaces}>{'<b/>' * 20}</a>".encode()) == "xml_too_complex"
    assert code_of(f"<a>{f'<b{marks}/>' * 20}</a>".encode()) == "xml_too_complex"
    assert code_of(b"<a>" + b"x" * (20 * MEGABYTE) + b"</a>") == "xml_too_large"
    assert code_of(b"<" * (10 * MEGABYTE)) == "xml_malformed"
    assert time.monotonic() - started < SECONDS


def test_signatures_are_numbered_within_reason() -> None:
    leaf = individual(Scheme.RSA)
    one = crafted(leaf, "@", [reference(leaf, "<a></a>")]).decode()
    assert code_of(f"<a>{one * 17}</a>".encode()) == "xml_too_many_signatures"
    long = "x" * (3 * MEGABYTE)
    assert code_of(f"<a>{long}{one * 8}</a>".encode()) == "xml_too_many_signatures"
    found = verified(f"<a>{one}{one}</a>".encode())
    assert len(found.signers) == 2


def test_a_long_text_is_read_whole() -> None:
    leaf = individual(Scheme.RSA)
    text = "Q" * (12 * MEGABYTE)
    document = crafted(leaf, f"<a>{text}@</a>", [reference(leaf, f"<a>{text}</a>")])
    assert verified(document).status == "valid"


def test_no_file_is_read_for_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]><a>&e;</a>'
    assert code_of(document.encode()) == "xml_dtd_forbidden"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_name(document: bytes) -> None:
    outcome(document)


PIECES = st.sampled_from(
    ["<a>", "</a>", "<a/>", "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>",
     "</ds:Signature>", "<ds:SignedInfo>", "</ds:SignedInfo>", "<ds:Reference URI='#a'/>",
     "<ds:KeyInfo/>", " xmlns:q='urn:q'", "<?pi?>", "<!-- c -->", "<![CDATA[x]]>", "&amp;",
     "&#0;", "<!DOCTYPE a>", "<?xml version='1.0'?>", "ә", "\ud7ff", "]]>", "<q:a/>"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14), st.sampled_from(["utf-8", "utf-16"]))
def test_any_xml_is_read_or_refused_by_name(pieces: list[str], encoding: str) -> None:
    found = outcome("".join(["<a>", *pieces, "</a>"]).encode(encoding))
    assert found is None or found.status != "valid"


@settings(max_examples=300, deadline=None)
@given(st.data(), st.binary(max_size=6), st.integers(min_value=0, max_value=12))
def test_a_damaged_signature_never_passes_for_another(
    data: st.DataObject, patch: bytes, cut: int
) -> None:
    whole = sample(exclusive=False)
    place = data.draw(st.integers(min_value=0, max_value=len(whole)))
    found = outcome(whole[:place] + patch + whole[place + cut :])
    if found is not None and found.status == "valid":
        assert found.content == CONTENT
        assert found.signers[0].serial == f"{individual(Scheme.RSA).serial:x}"


ELEMENTS = [
    "Signature", "SignedInfo", "CanonicalizationMethod", "SignatureMethod", "Reference",
    "Transforms", "Transform", "DigestMethod", "DigestValue", "SignatureValue", "KeyInfo",
    "X509Data", "X509Certificate",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ELEMENTS),
    st.sampled_from([*ELEMENTS, "Object", "Manifest", "KeyValue"]),
    st.booleans(),
)
def test_parts_of_a_signature_in_each_others_place_are_refused(
    old: str, new: str, both: bool
) -> None:
    text = sample(exclusive=False).decode()
    renamed = text.replace(f"<ds:{old}", f"<ds:{new}").replace(f"</ds:{old}", f"</ds:{new}")
    if both:
        renamed = renamed.replace(f"<ds:{new}", f"<ds:{new} Id='all'", 1)
    found = outcome(renamed.encode())
    is_same = renamed == text or (old == new and both)
    assert found is None or found.status != "valid" or is_same
