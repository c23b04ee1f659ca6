"""Whatever others send, the readers of the room answer or refuse by their own names.

CMS, certificates, lists, OCSP and time-stamps are tried in test_cms_reading, XML in
test_xml_limits, PDF in test_open_check; here are the rest.
"""

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from asn1crypto import tsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kualik.core.errors import table
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.asn1 import Asn1Error, split_first
from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.adapters.crl import BrokenCrl, read_crl
from kualik.signatures.adapters.envelope import BrokenEnvelope, find_span, parse_envelope
from kualik.signatures.adapters.keys import LoadedKey, open_key, write_key
from kualik.signatures.adapters.ncanode import NoOpinion, read_answer
from kualik.signatures.adapters.ocsp import BrokenOcsp, read_ocsp
from kualik.signatures.adapters.revocation import lists_of, speaks_of
from kualik.signatures.adapters.test_authority import Revocation, Scheme, answer_timestamp
from kualik.signatures.adapters.token_addresses import read_address
from kualik.signatures.adapters.trust import TrustError, open_trust
from kualik.signatures.adapters.tsa import StampRefused, make_request, token_of
from kualik.signatures.services.phone import Offer, accept_signed
from tests.signatures.authorities import NOW, authority, head, individual
from tests.signatures.node_server import certificate_info
from tests.signatures.phones import LATER, offered
from tests.signatures.verification import CONTENT, sample, trust

PATIENT = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
NONCE = 77
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.just("OK")


@st.composite
def spoilt(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with one to three places flipped, cut, doubled or filled with something else."""
    found = whole
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, max(len(found) - 1, 0)))
        end = start + draw(st.integers(0, 40))
        found = (
            found[:start]
            + draw(st.binary(max_size=8) | st.just(found[start:end] * 2))
            + (found[end:])
        )
    return found


@cache
def stamp_answer() -> bytes:
    request = make_request(hashlib.sha256(CONTENT).digest(), nonce=NONCE)
    return answer_timestamp(authority(Scheme.RSA), request, now=NOW, serial=9)


def test_the_answer_that_is_spoilt_below_is_good() -> None:
    assert tsp.TimeStampResp.load(stamp_answer())["status"]["status"].native == "granted"
    assert token_of(stamp_answer(), CONTENT, nonce=NONCE)


@PATIENT
@pytest.mark.filterwarnings("ignore::UserWarning")
@given(answer=st.binary(max_size=200) | st.deferred(lambda: spoilt(stamp_answer())))
def test_any_answer_of_a_time_stamp_authority(answer: bytes) -> None:
    with suppress(StampRefused):
        token_of(answer, CONTENT, nonce=NONCE)


@PATIENT
@given(st.data())
def test_any_evidence_is_good_for_nothing_or_signed(data: st.DataObject) -> None:
    """A spoilt answer or list never speaks unless its signed part is untouched."""
    leaf = individual(Scheme.RSA)
    certificate = read_certificate(leaf.certificate_der)
    issuer = read_certificate(leaf.chain[0])
    answer = authority(Scheme.RSA).ocsp_response(leaf, "good", now=NOW)
    try:
        response = read_ocsp(data.draw(spoilt(answer)))
    except BrokenOcsp:
        pass
    else:
        if speaks_of(response, certificate, issuer):
            assert response.tbs == read_ocsp(answer).tbs
    listed = authority(Scheme.RSA).crl({head(Scheme.RSA).serial: Revocation(at=NOW)}, now=NOW)
    try:
        found = read_crl(data.draw(spoilt(listed)))
    except BrokenCrl:
        return
    if lists_of(found, certificate, issuer):
        assert found.tbs == read_crl(listed).tbs


@PATIENT
@given(data=st.binary(max_size=200) | st.deferred(lambda: spoilt(sample(Scheme.RSA))))
def test_any_bytes_split_into_a_first_element_and_the_rest(data: bytes) -> None:
    try:
        first, rest = split_first(data)
    except Asn1Error:
        return
    assert first + rest == data


@PATIENT
@given(data=st.data())
def test_any_envelope_and_any_span(data: st.DataObject, sealed: bytes) -> None:
    span = find_span(sealed)
    assert span is not None
    der = bytes.fromhex(sealed[span.gap_start + 1 : span.gap_end - 1].decode())
    with suppress(BrokenEnvelope):
        parse_envelope(data.draw(st.binary(max_size=200) | spoilt(der)))
    found = find_span(data.draw(spoilt(sealed[span.gap_end :])))
    assert found is None or found.gap_start < found.gap_end


@pytest.fixture(scope="module")
def store(key: LoadedKey, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("store") / "key.p12"
    write_key(path, key=key, label="key", passphrase="a phrase")
    return path.read_bytes()


@settings(PATIENT, max_examples=30)
@given(data=st.data())
def test_any_store_of_keys(data: st.DataObject, store: bytes) -> None:
    content = data.draw(st.binary(max_size=200) | spoilt(store))
    with suppress(RuleViolation):
        open_key(content, "a phrase", name="key")


PARTS = ["pkcs11:", "token=", "object=", "id=", "serial=", "type=", "%", "%00", "%ff", ";", "=",
         "?", "pin-value=", "private", "a", "ә"]  # fmt: skip


@PATIENT
@given(st.text(max_size=40) | st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_any_address_of_a_key(store: str) -> None:
    try:
        found = read_address(store)
    except RuleViolation:
        return
    assert read_address(str(found)) == found


@PATIENT
@given(files=st.lists(st.binary(max_size=120), max_size=3), data=st.data())
def test_any_folder_of_trust(files: list[bytes], data: st.DataObject, tmp_path: Path) -> None:
    root = authority(Scheme.RSA).root.certificate_der
    contents = [*files, data.draw(spoilt(root)), b"-----BEGIN " + data.draw(spoilt(root))]
    for place, content in enumerate(contents):
        (tmp_path / str(place)).write_bytes(content)
    try:
        found = open_trust(tmp_path)
    except TrustError:
        return
    assert {anchor.der for anchor in found.anchors} == {root}


# JSON of others

ANY_JSON = st.recursive(
    SCALARS | st.floats(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["status", "valid", "signers", "certificates", "revocations", "revoked", "by",
             "serialNumber", "notBefore", "notAfter", "documentsToSign", "document", "file",
             "data", "id", "signMethod", "documentXml", "meta", "version"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


def changed(whole: object, draw: st.DrawFn) -> object:
    """The same JSON with one value, anywhere, replaced by any other or left out."""
    if isinstance(whole, dict) and whole and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(whole)))
        if not draw(st.integers(0, 6)):
            return {key: value for key, value in whole.items() if key != name}
        return {**whole, name: changed(whole[name], draw)}
    if isinstance(whole, list) and whole and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(whole) - 1))
        return [*whole[:place], changed(whole[place], draw), *whole[place + 1 :]]
    return draw(ANY_JSON)


@PATIENT
@given(data=st.data())
def test_any_answer_of_another_verifier(data: st.DataObject) -> None:
    leaf = read_certificate(individual(Scheme.RSA).certificate_der)
    good = {
        "status": 200,
        "valid": True,
        "signers": [
            {"certificates": [certificate_info(leaf.serial_hex, leaf.not_before, leaf.not_after)]}
        ],
    }
    assert read_answer(good, NOW).opinion == "valid"
    answer = json.loads(json.dumps(changed(good, data.draw)))
    if not isinstance(answer, dict):
        return
    try:
        found = read_answer(answer, NOW)
    except NoOpinion:
        return
    assert found.opinion in {"valid", "invalid", "undecided"}
    if found.opinion == "valid":
        assert found.signers


@pytest.fixture
def offer(db: None) -> Offer:
    return offered()


@PATIENT
@given(data=st.data())
def test_any_answer_of_a_phone(data: st.DataObject, offer: Offer) -> None:
    """Nothing a phone may put is accepted, kept or answered by anything but a named error."""
    good = {
        "signMethod": "CMS_WITH_DATA",
        "version": 1,
        "documentsToSign": [
            {"id": 1, "nameRu": "", "meta": [], "document": {"file": {"mime": "", "data": "MAA="}}}
        ],
    }
    put = changed(good, data.draw)
    body = data.draw(st.binary(max_size=40) | st.just(json.dumps(put).encode()))
    with pytest.raises(RuleViolation) as violation:
        accept_signed(
            token=offer.token, auth_token=offer.auth_token, body=body,
            trust=trust(Scheme.RSA), fetcher=None, now=LATER,
        )  # fmt: skip
    assert violation.value.code in table()
