"""A signature that the certified library made, read in place and never kept here."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest

from kualik.signatures.adapters.trust import TrustDirectory, trust_of
from tests.signatures.verification import codes, flipped, kept, kept_trust, only
from tests.signatures.xml_samples import changed, outcome, verified

SAMPLE = "kz-gost2015/xmldsig_enveloped_simple.xml"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CONTENT = '<root><a>1</a><b attr="x">текст</b></root>'.encode()


def own_trust() -> TrustDirectory:
    """The sample's certificate signs itself, so it is believed as it is."""
    text = re.search(rb"<ds:X509Certificate>(.+?)</", kept(SAMPLE), re.DOTALL)
    assert text is not None
    return trust_of([base64.b64decode(text[1].replace(b"&#13;", b""))])


def test_the_signature_holds_at_its_moment() -> None:
    found = verified(kept(SAMPLE), own_trust(), now=NOW)
    signer = only(found)
    assert found.status == "valid"
    assert codes(found) == {"time_unknown"}
    assert signer.person == "TEST GOST512"
    assert signer.iin == "000000000000"
    assert signer.algorithm == "GOST3410-2015-512"
    assert signer.is_valid_now
    assert found.content == CONTENT


def test_dates_and_trust_are_asked_of_it() -> None:
    late = verified(kept(SAMPLE), own_trust(), at=NOW + timedelta(days=365), now=NOW)
    assert "certificate_expired" in codes(late)
    early = verified(kept(SAMPLE), own_trust(), at=NOW - timedelta(days=90), now=NOW)
    assert "certificate_not_yet_valid" in codes(early)
    for foreign in (TrustDirectory(), kept_trust("kz-gost2015"), kept_trust("kz-rsa")):
        assert "certificate_not_trusted" in codes(verified(kept(SAMPLE), foreign, now=NOW))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<a>1</a>", "<a>2</a>", "content_changed"),
        ("<a>1</a>", "<a>1</a> ", "content_changed"),
        ('attr="x"', 'attr="y"', "content_changed"),
        ("<root>", "<root>\n", "content_changed"),
        ("OwGFymb5", "OwGFymb6", "content_changed"),
        ("OwGFymb5", "OwGFymb6", "signature_broken"),
        ("XYwHuihy", "XYwHuihz", "signature_broken"),
        ('URI=""', 'URI=" "', "xml_not_whole_document"),
        ("#WithComments", "#", "xml_transform_unsupported"),
        ("<root>", "<other><root>", "xml_signature_misplaced"),
    ],
)
def test_each_change_is_refused_with_its_reason(old: str, new: str, code: str) -> None:
    document = changed(kept(SAMPLE), old, new)
    if "<other>" in new:
        document += b"</other>"
    found = verified(document, own_trust(), now=NOW)
    assert found.status == "invalid"
    assert code in codes(found)


def test_no_changed_byte_verifies() -> None:
    whole, believed = kept(SAMPLE), own_trust()
    for place in range(0, len(whole), 29):
        found = outcome(flipped(whole, place), believed)
        assert found is None or found.status != "valid" or found.content == CONTENT, place
