"""Proof behind the seal: what is added, how far it gets, and what independent readers say."""

import asyncio
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko_certvalidator import ValidationContext

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.pades import as_asn1
from kualik.signatures.adapters.reading import TrustStore, read_sealed
from kualik.signatures.adapters.test_authority import Hierarchy, Revocation, Scheme
from kualik.signatures.services.checking import check_pdf
from kualik.signatures.services.preserving import WAITS, Extended, extend, renew, wait_text
from kualik.signatures.services.proofs import LEVELS, Level
from tests.signatures.authorities import authority as authority_of
from tests.signatures.authorities import openssl, pem_files
from tests.signatures.samples import SEALED_AT
from tests.signatures.stamping import (
    STAMPED_AT,
    Services,
    Stamps,
    extended,
    trust_in,
    with_stamping_key,
)

YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def levels(sealed: bytes, authority: Hierarchy) -> dict[Level, Extended]:
    """The sealed page at every level."""
    return {level: extended(sealed, authority, level) for level in LEVELS}


def attempt(
    content: bytes,
    authority: Hierarchy,
    *,
    stamps: Stamps | None = None,
    services: Services | None = None,
) -> Extended:
    return extend(
        content=content,
        wanted="B-LTA",
        tsa=stamps or Stamps(authority),
        trust=trust_in(authority),
        fetcher=services or Services(authority),
        now=STAMPED_AT,
    )


def test_every_level_is_reached_and_the_issued_bytes_are_its_beginning(
    levels: dict[Level, Extended], sealed: bytes
) -> None:
    for level, made in levels.items():
        assert (made.level, made.waits_for) == (level, "")
        assert made.content.startswith(sealed)
    lengths = [len(levels[level].content) for level in LEVELS]
    assert lengths == sorted(set(lengths))
    assert levels["B-B"].content == sealed
    assert levels["B-LTA"].content.startswith(levels["B-T"].content)


def test_the_proven_time_and_its_end_are_told(
    levels: dict[Level, Extended], authority: Hierarchy
) -> None:
    assert levels["B-B"].stamped_at is None
    for level in LEVELS[1:]:
        assert levels[level].stamped_at == STAMPED_AT
        assert levels[level].lasts_until == authority.tsa.certificate.not_valid_after


def test_the_check_calls_every_level_intact_and_tells_it(
    levels: dict[Level, Extended], sealed: bytes, trust: TrustStore
) -> None:
    plain = check_pdf(content=sealed, trust=trust, now=STAMPED_AT)
    for level, made in levels.items():
        found = check_pdf(content=made.content, trust=trust, now=STAMPED_AT + YEAR)
        assert (found.verdict, found.level, found.trusted) == ("intact", level, True)
        assert found.stamped_at == made.stamped_at
        assert found.issued_bytes == len(sealed)
        assert found.coverage == "entire_file"
        assert (found.signer, found.signed_at) == (plain.signer, plain.signed_at)


def test_what_has_its_level_stays_byte_for_byte(
    levels: dict[Level, Extended], authority: Hierarchy
) -> None:
    stamps = Stamps(authority)
    again = attempt(levels["B-LTA"].content, authority, stamps=stamps)
    assert again == levels["B-LTA"]
    assert stamps.asked == 0


@pytest.mark.parametrize(
    ("dies_at", "is_dead", "reached", "waits_for"),
    [
        (1, False, "B-B", "tsa_unreachable"),
        (None, True, "B-T", "revocation_unreachable"),
        (2, False, "B-LT", "tsa_unreachable"),
    ],
)
def test_what_can_be_reached_is_kept_and_the_rest_comes_later(
    sealed: bytes,
    authority: Hierarchy,
    dies_at: int | None,
    is_dead: bool,
    reached: Level,
    waits_for: str,
) -> None:
    part = attempt(
        sealed,
        authority,
        stamps=Stamps(authority, dies_at=dies_at),
        services=Services(authority, is_dead=is_dead),
    )
    assert (part.level, part.waits_for) == (reached, waits_for)
    whole = attempt(part.content, authority)
    assert (whole.level, whole.waits_for) == ("B-LTA", "")
    assert whole.content.startswith(part.content)


def test_lists_take_the_place_of_a_silent_responder(sealed: bytes, authority: Hierarchy) -> None:
    made = attempt(sealed, authority, services=Services(authority, with_ocsp=False))
    assert (made.level, made.waits_for) == ("B-LTA", "")


def test_a_seal_revoked_before_its_time_stamp_gets_no_further(
    sealed: bytes, authority: Hierarchy, key: LoadedKey
) -> None:
    revoked = {key.certificate.serial_number: Revocation(at=SEALED_AT, reason="key_compromise")}
    made = attempt(sealed, authority, services=Services(authority, statuses={**revoked}))
    assert (made.level, made.waits_for) == ("B-T", "certificate_revoked")


def test_a_revocation_after_the_time_stamp_does_no_harm(
    sealed: bytes, authority: Hierarchy, key: LoadedKey, trust: TrustStore
) -> None:
    after = STAMPED_AT + timedelta(days=1)
    revoked = {key.certificate.serial_number: Revocation(at=after, reason="key_compromise")}
    stamped = extended(sealed, authority, "B-T")
    later = after + timedelta(days=1)
    made = extend(
        content=stamped.content,
        wanted="B-LTA",
        tsa=Stamps(authority, later),
        trust=trust_in(authority),
        fetcher=Services(authority, later, statuses={**revoked}),
        now=later,
    )
    assert (made.level, made.stamped_at) == ("B-LTA", STAMPED_AT)
    assert check_pdf(content=made.content, trust=trust, now=later).verdict == "intact"


@pytest.mark.parametrize(
    ("hierarchy", "code"),
    [
        ("foreign_authority", "timestamp_untrusted"),
        ("gost", "timestamp_unsupported"),
        ("clock", "timestamp_clock"),
    ],
)
def test_a_time_stamp_that_would_spoil_the_file_is_not_taken(
    request: pytest.FixtureRequest, sealed: bytes, authority: Hierarchy, hierarchy: str, code: str
) -> None:
    stamps = Stamps(authority, STAMPED_AT - timedelta(hours=1))
    if hierarchy == "gost":
        stamps = Stamps(authority_of(Scheme.GOST512))
    elif hierarchy != "clock":
        stamps = Stamps(request.getfixturevalue(hierarchy))
    made = attempt(sealed, authority, stamps=stamps)
    assert (made.level, made.waits_for, made.content) == ("B-B", code, sealed)


def test_a_renewal_prolongs_the_proof_and_keeps_what_was_there(
    sealed: bytes, authority: Hierarchy, trust: TrustStore
) -> None:
    short = with_stamping_key(authority, until=STAMPED_AT + YEAR)
    first = extended(sealed, short, "B-LTA")
    now = STAMPED_AT + timedelta(days=320)
    second = renewed(first.content, with_stamping_key(authority, until=now + YEAR), now=now)
    assert second.content.startswith(first.content)
    assert (second.level, second.waits_for) == ("B-LTA", "")
    assert (second.stamped_at, second.lasts_until) == (STAMPED_AT, now + YEAR)
    found = check_pdf(content=second.content, trust=trust, now=now + timedelta(days=300))
    assert (found.verdict, found.level, found.lasts_until) == ("intact", "B-LTA", now + YEAR)
    third = renewed(second.content, authority, now=now + timedelta(days=300))
    assert third.content.startswith(second.content)
    assert_all_read(third.content, authority)


def test_a_renewal_that_prolongs_nothing_adds_nothing(sealed: bytes, authority: Hierarchy) -> None:
    first = extended(sealed, authority, "B-LTA")
    again = renewed(first.content, authority, now=STAMPED_AT + YEAR)
    assert again == replace(first, waits_for="proof_no_longer")


def renewed(content: bytes, authority: Hierarchy, *, now: object) -> Extended:
    assert isinstance(now, type(STAMPED_AT))
    return renew(
        content=content,
        tsa=Stamps(authority, now),
        trust=trust_in(authority),
        fetcher=Services(authority, now),
        now=now,
    )


def test_only_a_sound_seal_with_nothing_else_behind_it_is_extended(
    page: bytes, sealed: bytes, authority: Hierarchy
) -> None:
    spoiled = sealed.replace(b"/Kualik", b"/Kualjk")
    assert spoiled != sealed
    for content in (page, spoiled, sealed + b"%%EOF\n", b""):
        with pytest.raises(RuleViolation) as refused:
            attempt(content, authority)
        assert refused.value.code == "preserve_failed"


def test_everything_that_is_waited_for_has_words() -> None:
    for code in (*WAITS, "revocation_unreachable", "timestamp_untrusted", "signature_malformed"):
        text = wait_text(code)
        assert text.kk
        assert text.ru
        assert text.en


def test_pdfsig_accepts_the_seal_at_every_level(
    levels: dict[Level, Extended], tmp_path: Path
) -> None:
    for level, made in levels.items():
        file = tmp_path / f"{level}.pdf"
        file.write_bytes(made.content)
        said = subprocess.run(["pdfsig", file], capture_output=True, text=True, check=False).stdout
        assert said.count("Signature is Valid") == 1
        assert said.count("Total document signed") == (0 if level == "B-LT" else 1)
        stamps = {"B-B": 0, "B-T": 1, "B-LT": 1, "B-LTA": 2}[level]
        assert said.count("TIME-STAMPING AUTHORITY") == 2 * stamps


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_pyhanko_needs_nothing_but_the_file_and_the_root(
    levels: dict[Level, Extended], authority: Hierarchy, level: Level
) -> None:
    assert_all_read(levels[level].content, authority)


def test_pyhanko_takes_the_time_stamp_of_b_t(
    levels: dict[Level, Extended], trust: TrustStore
) -> None:
    roots = [as_asn1(anchor.certificate) for anchor in trust.anchors]
    known = [as_asn1(certificate) for certificate in trust.intermediates]
    context = ValidationContext(
        trust_roots=roots, other_certs=known, moment=STAMPED_AT, allow_fetching=False
    )
    for signature in signatures_of(levels["B-T"].content):
        assert said_of(signature, context).startswith("INTACT:TRUSTED")


def test_openssl_verifies_our_document_time_stamps(
    levels: dict[Level, Extended], authority: Hierarchy, tmp_path: Path
) -> None:
    content = levels["B-LTA"].content
    pem_files(tmp_path, authority)
    stamped = read_sealed(content).additions.stamps
    assert len(stamped) == 2
    for signature, each in zip(signatures_of(content)[1:], stamped, strict=True):
        _, gap_start, gap_end, length = (int(number) for number in signature.byte_range)
        (tmp_path / "token.der").write_bytes(each.token)
        covered = content[:gap_start] + content[gap_end : gap_end + length]
        assert verified(covered, tmp_path)
        assert not verified(covered[:-1], tmp_path)


def verified(covered: bytes, folder: Path) -> bool:
    (folder / "covered").write_bytes(covered)
    asked = (
        "ts", "-verify", "-token_in", "-in", "token.der", "-data", "covered",
        "-CAfile", "root.pem", "-untrusted", "issuing.pem",
        "-attime", f"{STAMPED_AT.timestamp():.0f}",
    )  # fmt: skip
    return openssl(*asked, folder=folder).returncode == 0


def assert_all_read(content: bytes, authority: Hierarchy) -> None:
    """The seal and every time-stamp are trusted with revocation data from the file alone."""
    signatures = signatures_of(content)
    stamps = read_sealed(content).additions.stamps
    moments = [stamps[0].stamp.moment, *(each.stamp.moment for each in stamps)]
    store = DocumentSecurityStore.read_dss(signatures[0].reader)
    newest_is_bare = len(stamps) > 1
    for place, (signature, moment) in enumerate(zip(signatures, moments, strict=True)):
        if newest_is_bare and place == len(stamps):
            continue
        context = store.as_validation_context(
            {
                "trust_roots": [authority.root.certificate],
                "moment": moment,
                "allow_fetching": False,
                "revocation_mode": "require",
                # What was gathered later than the time-stamp speaks of its moment too.
                "retroactive_revinfo": True,
            }
        )
        assert said_of(signature, context).startswith("INTACT:TRUSTED")


def signatures_of(content: bytes) -> Sequence[EmbeddedPdfSignature]:
    return PdfFileReader(BytesIO(content), strict=True).embedded_signatures


def said_of(signature: EmbeddedPdfSignature, context: ValidationContext) -> str:
    if signature.sig_object_type == "/DocTimeStamp":
        return asyncio.run(async_validate_pdf_timestamp(signature, context)).summary()
    status = asyncio.run(async_validate_pdf_signature(signature, context))
    assert status.bottom_line
    return status.summary()
