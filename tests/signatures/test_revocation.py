"""OCSP and lists: revoked, good, and everything that is neither."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from asn1crypto import core
from asn1crypto import crl as asn1_crl
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.crl import BrokenCrl, open_crl, read_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, read_ocsp
from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.revocation import Evidence, RevocationAnswer, check_revocation
from kualik.signatures.adapters.test_authority import (
    Leaf,
    Purpose,
    Revocation,
    Scheme,
    Subject,
    answer_ocsp,
    make_hierarchy,
    sign_cms,
)
from kualik.signatures.adapters.test_authority.schemes import RsaKey
from kualik.signatures.adapters.trust import trust_of
from kualik.signatures.services.cms_verification import verify_cms
from tests.signatures.authorities import ISSUED_AT, NOW, authority, expired, individual
from tests.signatures.verification import (
    CONTENT,
    FAST,
    SIGNED_AT,
    codes,
    flipped,
    sample,
    trust,
    verified,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def asked(
    leaf: Leaf,
    *,
    crls: tuple[bytes, ...] = (),
    responses: tuple[bytes, ...] = (),
    at: datetime = NOW,
    now: datetime = NOW,
) -> RevocationAnswer:
    evidence = Evidence(
        tuple(read_crl(der) for der in crls), tuple(read_ocsp(der) for der in responses)
    )
    return check_revocation(
        read_certificate(leaf.certificate_der),
        read_certificate(leaf.chain[0]),
        evidence,
        at=at,
        now=now,
    )


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_a_responder_says_good_and_revoked(scheme: Scheme, hash_name: str) -> None:
    hierarchy, leaf = authority(scheme), individual(scheme)
    good = hierarchy.ocsp_response(leaf, "good", now=NOW, hash_name=hash_name)
    assert asked(leaf, responses=(good,)).state == "good"
    status = Revocation(at=NOW - DAY)
    revoked = hierarchy.ocsp_response(leaf, status, now=NOW, hash_name=hash_name)
    found = asked(leaf, responses=(revoked,))
    assert (found.state, found.revoked_at, found.source) == ("revoked", NOW - DAY, "ocsp")


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_list_says_good_and_revoked(scheme: Scheme) -> None:
    hierarchy, leaf = authority(scheme), individual(scheme)
    assert asked(leaf, crls=(hierarchy.crl({}, now=NOW),)).state == "good"
    listed = hierarchy.crl({leaf.serial: Revocation(at=NOW - DAY)}, now=NOW)
    assert asked(leaf, crls=(listed,)).state == "revoked"


def test_nothing_said_is_not_good() -> None:
    leaf = individual(Scheme.RSA)
    assert asked(leaf).code == "revocation_no_data"
    other = authority(Scheme.RSA).issue(Subject(common_name="БАСҚА"), not_before=ISSUED_AT)
    about_other = authority(Scheme.RSA).ocsp_response(other, "good", now=NOW)
    assert asked(leaf, responses=(about_other,)).code == "revocation_no_data"
    unknown = authority(Scheme.RSA).ocsp_response(leaf, "unknown", now=NOW)
    assert asked(leaf, responses=(unknown,)).code == "revocation_unknown"
    foreign_list = authority(Scheme.GOST512).crl({}, now=NOW)
    assert asked(leaf, crls=(foreign_list,)).code == "revocation_no_data"


def test_what_is_stale_or_not_yet_made_is_not_good() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    old = hierarchy.crl({}, now=NOW - 3 * DAY)
    assert asked(leaf, crls=(old,)).code == "revocation_stale"
    assert asked(leaf, crls=(old,), at=NOW - 3 * DAY + HOUR).state == "good"
    answer = hierarchy.ocsp_response(leaf, "good", now=NOW - DAY)
    assert asked(leaf, responses=(answer,)).code == "revocation_stale"
    future = hierarchy.crl({}, now=NOW + DAY)
    assert asked(leaf, crls=(future,)).code == "revocation_stale"
    endless = hierarchy.ocsp_response(leaf, "good", now=NOW - HOUR, life=None)
    assert asked(leaf, responses=(endless,)).state == "good"
    assert asked(leaf, responses=(endless,), at=NOW + 2 * DAY).state == "unknown"


def test_after_its_end_a_certificate_leaves_the_lists() -> None:
    leaf = expired(Scheme.RSA)
    fresh = authority(Scheme.RSA).crl({}, now=NOW)
    assert asked(leaf, crls=(fresh,), at=NOW - 2 * DAY).state == "unknown"
    timely = authority(Scheme.RSA).crl({}, now=NOW - 2 * DAY)
    assert asked(leaf, crls=(timely,), at=NOW - 2 * DAY).state == "good"


@pytest.mark.parametrize("scheme", FAST)
def test_answers_are_verified_themselves(scheme: Scheme) -> None:
    hierarchy, leaf = authority(scheme), individual(scheme)
    listed = hierarchy.crl({}, now=NOW)
    assert asked(leaf, crls=(flipped(listed, len(listed) - 1),)).code == "revocation_untrusted"
    foreign = make_hierarchy(scheme=scheme, now=NOW)
    forged = hierarchy.ocsp_response(leaf, "good", now=NOW, responder=foreign.ocsp_responder)
    assert asked(leaf, responses=(forged,)).code == "revocation_untrusted"
    by_person = hierarchy.ocsp_response(leaf, "good", now=NOW, responder=individual(scheme))
    assert asked(leaf, responses=(by_person,)).code == "revocation_untrusted"
    bare = hierarchy.ocsp_response(leaf, "good", now=NOW, with_certificate=False)
    assert asked(leaf, responses=(bare,)).code == "revocation_untrusted"
    by_authority = hierarchy.ocsp_response(leaf, "good", now=NOW, responder=hierarchy.issuing)
    assert asked(leaf, responses=(by_authority,)).state == "good"


def test_an_expired_responder_is_not_believed() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    late = hierarchy.issue(
        Subject(common_name="OCSP"),
        not_before=NOW - 9 * DAY,
        not_after=NOW - DAY,
        purpose=Purpose.OCSP_SIGNING,
    )
    answer = hierarchy.ocsp_response(leaf, "good", now=NOW, responder=late)
    assert asked(leaf, responses=(answer,)).code == "revocation_untrusted"


def test_a_delta_adds_lifts_and_belongs_to_its_base() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    base = hierarchy.crl({}, now=NOW - 2 * HOUR, base_number=14)
    entry = {leaf.serial: Revocation(at=NOW - HOUR)}
    # The national centre counts its deltas apart: number 10 to the full list 14.
    added = hierarchy.crl(entry, now=NOW, delta=True, number=10, base_number=14)
    assert asked(leaf, crls=(base, added)).state == "revoked"
    assert asked(leaf, crls=(base, added), at=NOW - 2 * HOUR).state == "good"
    newer_base = hierarchy.crl(entry, now=NOW, delta=True, base_number=15)
    # What a delta says of the certificate counts whatever list it changes.
    assert asked(leaf, crls=(base, newer_base)).state == "revoked"
    assert asked(leaf, crls=(added,)).state == "revoked"
    hold = {leaf.serial: Revocation(at=NOW - DAY, reason="certificate_hold")}
    held = hierarchy.crl(hold, now=NOW - 2 * HOUR, base_number=14)
    assert asked(leaf, crls=(held,)).state == "revoked"
    lift = {leaf.serial: Revocation(at=NOW - HOUR, reason="remove_from_crl")}
    lifted = hierarchy.crl(lift, now=NOW, delta=True, base_number=14)
    assert asked(leaf, crls=(held, lifted)).state == "good"


def test_a_delta_to_a_newer_list_makes_the_old_one_stale() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    base = hierarchy.crl({}, now=NOW - 2 * HOUR, base_number=14)
    delta = hierarchy.crl({}, now=NOW - HOUR, delta=True, base_number=15)
    assert asked(leaf, crls=(base, delta)).code == "revocation_stale"
    assert asked(leaf, crls=(base, delta), at=NOW - 2 * HOUR).state == "good"
    assert asked(leaf, crls=(delta,)).code == "revocation_no_data"
    future = hierarchy.crl(
        {leaf.serial: Revocation(at=NOW - DAY)}, now=NOW + HOUR, delta=True, base_number=15
    )
    assert asked(leaf, crls=(base, future)).state == "good"


def lenient(
    *, crls: tuple[bytes, ...] = (), responses: tuple[bytes, ...] = (), unread: tuple[str, ...] = ()
) -> set[str]:
    """The codes about a person's certificate where revocation need not be known."""
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    evidence = Evidence(tuple(map(open_crl, crls)), tuple(map(read_ocsp, responses)), unread=unread)
    policy = RevocationPolicy(is_required=False, evidence=evidence)
    believed = trust_of([hierarchy.root.certificate_der, hierarchy.issuing.certificate_der])
    return {*check_certificate(leaf.certificate_der, (), believed, NOW, policy=policy).codes}


def test_only_what_is_missing_or_old_is_passed_over() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    assert lenient() == {"revocation_skipped"}
    assert lenient(crls=(hierarchy.crl({}, now=NOW - 3 * DAY),)) == {"revocation_skipped"}
    above = hierarchy.root_crl({hierarchy.issuing.serial: Revocation(at=NOW - DAY)}, now=NOW)
    assert "authority_revoked" in lenient(crls=(above,))
    unknown = hierarchy.ocsp_response(leaf, "unknown", now=NOW)
    assert lenient(responses=(unknown,)) == {"revocation_unknown"}
    old = hierarchy.crl({}, now=NOW - 3 * DAY)
    assert lenient(crls=(old,), responses=(unknown,)) == {"revocation_unknown"}
    spoilt = hierarchy.crl({}, now=NOW)
    assert lenient(crls=(flipped(spoilt, len(spoilt) - 1),)) == {"revocation_untrusted"}
    assert lenient(unread=("list.crl",)) == {"revocation_unreadable"}
    assert lenient(crls=(spoilt,), unread=("list.crl",)) == set()


def limited(extension: x509.ExtensionType, *, revokes: bool) -> bytes:
    """A list of the RSA authority that bears one more critical extension."""
    issuing = authority(Scheme.RSA).issuing
    assert isinstance(issuing.key, RsaKey)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.load_der_x509_certificate(issuing.certificate_der).subject)
        .last_update(NOW - HOUR)
        .next_update(NOW + DAY)
        .add_extension(extension, critical=True)
    )
    if revokes:
        entry = x509.RevokedCertificateBuilder(individual(Scheme.RSA).serial, NOW - DAY)
        made = made.add_revoked_certificate(entry.build())
    return made.sign(issuing.key.private, SHA256()).public_bytes(Encoding.DER)


def test_a_list_that_cannot_be_used_in_full_is_told_and_proves_nothing_good() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.398.9.9"), b"\x05\x00")
    partial = x509.IssuingDistributionPoint(
        None, None, False, False, frozenset({x509.ReasonFlags.key_compromise}), False, False
    )
    for revokes in (True, False):
        assert lenient(crls=(limited(strange, revokes=revokes),)) == {"revocation_unreadable"}
    assert lenient(crls=(limited(partial, revokes=False),)) == {"revocation_unreadable"}
    assert lenient(crls=(limited(partial, revokes=True),)) == {"certificate_revoked"}
    for extension in (strange, partial):
        with pytest.raises(BrokenCrl):
            read_crl(limited(extension, revokes=True))


def test_a_list_with_a_changed_byte_is_refused_or_no_longer_signed() -> None:
    leaf = individual(Scheme.RSA)
    listed = authority(Scheme.RSA).crl({leaf.serial: Revocation(at=NOW - DAY)}, now=NOW)
    for place in range(len(listed)):
        for mask in (0x01, 0x80):
            try:
                found = open_crl(flipped(listed, place, mask))
            except BrokenCrl:
                continue
            evidence = Evidence((found,))
            answer = check_revocation(
                read_certificate(leaf.certificate_der),
                read_certificate(leaf.chain[0]),
                evidence,
                at=NOW,
                now=NOW,
            )
            assert answer.state == "unknown", (place, mask)


def test_a_responder_may_be_known_from_elsewhere() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    status = Revocation(at=NOW - DAY)
    bare = hierarchy.ocsp_response(leaf, status, now=NOW, with_certificate=False)
    ders = [hierarchy.root.certificate_der, hierarchy.issuing.certificate_der]
    for known, code in (
        (hierarchy.ocsp_responder.certificate_der, "certificate_revoked"),
        (make_hierarchy(scheme=Scheme.RSA, now=NOW).ocsp_responder.certificate_der,
         "revocation_untrusted"),
        (individual(Scheme.RSA).certificate_der, "revocation_untrusted"),
    ):  # fmt: skip
        believed = trust_of([*ders, known], responses=[bare])
        assert code in check_certificate(leaf.certificate_der, (), believed, NOW).codes


@pytest.mark.parametrize("count", [30_000, 250_000])
def test_a_list_of_any_length_is_read(count: int) -> None:
    """By its bytes and not by its elements, of which every entry has three or more."""
    leaf = individual(Scheme.RSA)
    listed = long_list(leaf.serial, count)
    found = asked(leaf, crls=(listed,))
    assert found.state == "revoked"
    assert open_crl(listed).der == listed


def long_list(serial: int, count: int) -> bytes:
    """A list with that many entries before the one of ``serial``, signed anew."""
    hierarchy = authority(Scheme.RSA)
    listed = hierarchy.crl({serial: Revocation(at=NOW - DAY)}, now=NOW - HOUR)
    made = asn1_crl.CertificateList.load(listed)
    body = made["tbs_cert_list"]
    entry = body["revoked_certificates"][0].dump()
    other = core.Integer(1 << 150).dump()
    tail = entry[entry.index(core.Integer(serial).dump()) + len(core.Integer(serial).dump()) :]
    padding = core.Sequence(contents=other + tail).dump() * count
    long = core.SequenceOf(contents=padding + entry, spec=core.Any).dump()
    parts = [body[place].dump() for place in range(len(body))]
    parts = [long if part == body["revoked_certificates"].dump() else part for part in parts]
    tbs = core.Sequence(contents=b"".join(parts)).dump()
    signature = core.OctetBitString(hierarchy.issuing.key.sign(tbs)).dump()
    return core.Sequence(contents=tbs + made["signature_algorithm"].dump() + signature).dump()


def test_a_newer_delta_keeps_an_old_list_alive() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    base = hierarchy.crl({}, now=NOW - 3 * DAY, base_number=3)
    delta = hierarchy.crl({}, now=NOW - HOUR, delta=True, base_number=3)
    assert asked(leaf, crls=(base,)).code == "revocation_stale"
    assert asked(leaf, crls=(base, delta)).state == "good"


def test_a_revocation_outweighs_any_good_answer() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    revoked = hierarchy.crl({leaf.serial: Revocation(at=NOW - DAY)}, now=NOW - DAY)
    good = hierarchy.ocsp_response(leaf, "good", now=NOW)
    assert asked(leaf, crls=(revoked,), responses=(good,)).state == "revoked"


def test_who_does_not_know_a_certificate_lifts_no_hold() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    older = hierarchy.crl({}, now=NOW - 3 * HOUR)
    hold = Revocation(at=NOW - DAY, reason="certificate_hold")
    held = hierarchy.ocsp_response(leaf, hold, now=NOW - 2 * HOUR)
    unknown = hierarchy.ocsp_response(leaf, "unknown", now=NOW - HOUR)
    good = hierarchy.ocsp_response(leaf, "good", now=NOW)
    assert asked(leaf, crls=(older,)).state == "good"
    assert asked(leaf, crls=(older,), responses=(held, unknown)).state == "revoked"
    assert asked(leaf, crls=(older,), responses=(held, unknown, good)).state == "good"


def test_revoked_before_signing_is_invalid_and_after_a_proven_time_is_not() -> None:
    leaf = individual(Scheme.RSA)
    stamped = sign_cms(
        leaves=[leaf],
        content=CONTENT,
        detached=False,
        timestamp=authority(Scheme.RSA).stamper(now=NOW - 2 * HOUR),
    )
    before = trust(Scheme.RSA, revoked=((leaf.serial, NOW - 3 * HOUR),))
    after = trust(Scheme.RSA, revoked=((leaf.serial, NOW - HOUR),))
    for file in (sample(Scheme.RSA), stamped):
        found = verified(file, before)
        assert found.status == "invalid"
        assert "certificate_revoked" in codes(found)
    since = verified(stamped, after)
    assert (since.status, codes(since)) == ("valid", {"certificate_revoked_since"})
    unproven = verified(sample(Scheme.RSA), after)
    assert unproven.status == "indeterminate"
    assert "revoked_time_unproven" in codes(unproven)


def test_a_stamp_of_a_revoked_authority_proves_nothing() -> None:
    hierarchy = authority(Scheme.RSA)
    file = sign_cms(
        leaves=[individual(Scheme.RSA)],
        content=CONTENT,
        detached=False,
        signing_time=SIGNED_AT,
        timestamp=hierarchy.stamper(now=NOW - HOUR),
    )
    found = verified(file, trust(Scheme.RSA, revoked=((hierarchy.tsa.serial, NOW - DAY),)))
    assert "timestamp_untrusted" in codes(found)
    assert found.signers[0].signed_at_source == "stated"


def test_a_signers_word_must_hold_until_now() -> None:
    """Data that only covers the stated time says nothing of a key stolen since."""
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    believed = trust_of(
        [hierarchy.root.certificate_der, hierarchy.issuing.certificate_der],
        crls=[hierarchy.crl({}, now=NOW - 5 * DAY)],
    )
    file = sign_cms(
        leaves=[leaf], content=CONTENT, detached=False, signing_time=NOW - 5 * DAY + HOUR
    )
    found = verified(file, believed)
    assert found.status == "indeterminate"
    assert "revocation_stale" in codes(found)
    assert verified(file, believed, at=NOW - 5 * DAY + HOUR).status == "valid"


def test_a_revoked_authority_takes_its_certificates_along() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    entry = {hierarchy.issuing.serial: Revocation(at=NOW - DAY)}
    believed = trust_of(
        [hierarchy.root.certificate_der, hierarchy.issuing.certificate_der],
        crls=[hierarchy.crl({}, now=NOW), hierarchy.root_crl(entry, now=NOW)],
    )
    found = check_certificate(leaf.certificate_der, (), believed, NOW)
    assert found.codes == ("authority_revoked",)


def test_an_authority_that_came_along_needs_proof() -> None:
    hierarchy, leaf = authority(Scheme.RSA), individual(Scheme.RSA)
    lists = [hierarchy.crl({}, now=NOW)]
    believed = trust_of([hierarchy.root.certificate_der], crls=lists)
    found = check_certificate(leaf.certificate_der, leaf.chain, believed, NOW)
    assert found.codes == ("authority_revocation_unknown",)
    proven = trust_of(
        [hierarchy.root.certificate_der], crls=[*lists, hierarchy.root_crl({}, now=NOW)]
    )
    assert check_certificate(leaf.certificate_der, leaf.chain, proven, NOW).codes == ()


@pytest.mark.parametrize(
    "data", [b"", b"\x30\x00", b"\x30\x03\x0a\x01\x06", b"\x30\x03\x0a\x01\x00"]
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenOcsp):
        read_ocsp(data)
    with pytest.raises(BrokenCrl):
        read_crl(data)


@dataclass
class Services:
    """The services of an authority, answering in place; ``status`` None is a dead network."""

    status: Revocation | str | None
    with_lists: bool = False
    replay: bytes = b""
    calls: list[str] = field(default_factory=list)

    def ask(self, url: str, request: bytes) -> bytes:
        self.calls.append(url)
        if self.replay:
            return self.replay
        status = self.status
        if status is None:
            raise Unreachable("nobody there")
        return answer_ocsp(
            authority(Scheme.RSA), request, status_of=lambda _serial: status, now=NOW
        )

    def get(self, url: str) -> bytes:
        self.calls.append(url)
        if not self.with_lists:
            raise Unreachable("nobody there")
        return authority(Scheme.RSA).crl({}, now=NOW, delta="delta" in url)


def online(services: Services, *, signature: bytes | None = None) -> set[str]:
    found = verify_cms(
        signature=signature or sample(Scheme.RSA),
        document=None,
        trust=trust(Scheme.RSA, with_list=False),
        at=None,
        now=NOW,
        fetcher=services,
    )
    return codes(found)


def test_services_are_asked_only_where_nothing_is_at_hand() -> None:
    # Nothing at hand speaks of the authority itself: the root's list is asked for each time.
    services = Services("good")
    assert online(services) == {"time_is_stated"}
    assert services.calls == ["http://127.0.0.1:9/ocsp", "http://127.0.0.1:9/crl/root"]
    offline = Services("good")
    policy = RevocationPolicy(fetcher=offline)
    leaf = individual(Scheme.RSA)
    check_certificate(leaf.certificate_der, (), trust(Scheme.RSA), NOW, policy=policy)
    assert offline.calls == ["http://127.0.0.1:9/crl/root"]


def test_a_service_that_revokes_is_heard_and_a_silent_one_is_not_good() -> None:
    assert "certificate_revoked" in online(Services(Revocation(at=NOW - DAY)))
    assert "revocation_unreachable" in online(Services(None))
    assert online(Services(None, with_lists=True)) == {"time_is_stated"}
    assert "revocation_unknown" in online(Services("unknown"))


def test_a_list_from_a_service_that_cannot_be_read_is_told() -> None:
    class Broken(Services):
        def get(self, url: str) -> bytes:
            return b"0\x82\x01\x00broken"

    assert "revocation_unreadable" in online(Broken(None))


def test_an_answer_to_another_question_is_a_replay() -> None:
    recorded = authority(Scheme.RSA).ocsp_response(
        individual(Scheme.RSA), "good", now=NOW, nonce=b"n" * 32
    )
    assert "revocation_unreachable" in online(Services("good", replay=recorded))


def test_no_address_of_a_stranger_is_called() -> None:
    foreign = make_hierarchy(scheme=Scheme.RSA, now=NOW, base_url="http://stranger.example")
    leaf = foreign.issue(Subject(common_name="БӨТЕН"), not_before=ISSUED_AT)
    file = sign_cms(leaves=[leaf], content=CONTENT, detached=False, with_chain=True)
    services = Services("good")
    assert "certificate_not_trusted" in online(services, signature=file)
    assert services.calls == []
