"""A text signed once proves who is at the browser; nothing else does."""

import re
import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection

from kualik.core.errors import message, table
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Revocation,
    Role,
    Scheme,
    Subject,
    make_hierarchy,
    sign_cms,
)
from kualik.signatures.adapters.trust import TrustDirectory, trust_of
from kualik.signatures.models import Challenge
from kualik.signatures.services.challenges import (
    LIFE,
    answer_challenge,
    forget_challenges,
    offer_challenge,
)
from kualik.signatures.services.holders import private_person
from kualik.signatures.services.verdicts import SignerVerdict
from tests.signatures.authorities import (
    INDIVIDUAL,
    ISSUED_AT,
    NOW,
    authentication,
    authority,
    expired,
    head,
    individual,
    system,
)
from tests.signatures.verification import flipped, trust

pytestmark = pytest.mark.django_db
SECRET = "the session's own secret"
SITE = "kualik.example.kz"
SIGNED_AT = NOW + timedelta(seconds=20)
APPLICANT, STAFF = Challenge.Purpose.APPLICANT, Challenge.Purpose.STAFF
EVERY = [Scheme.RSA, Scheme.GOST512, Scheme.GOST256]


def offered(
    purpose: str = APPLICANT, *, secret: str = SECRET, host: str = SITE, language: str = "kk"
) -> Challenge:
    return offer_challenge(
        purpose=purpose, session_secret=secret, host=host, language=language, now=NOW
    )


def signed(challenge: Challenge, *leaves: Leaf, content: bytes | None = None) -> bytes:
    """What NCALayer gives for the text of a challenge, or for other content."""
    return sign_cms(
        leaves=leaves or [individual(Scheme.RSA)],
        content=challenge.text.encode() if content is None else content,
        detached=False,
        signing_time=SIGNED_AT,
    )


def answered(
    challenge: Challenge,
    signature: bytes | None = None,
    *,
    secret: str = SECRET,
    purpose: str = APPLICANT,
    believed: TrustDirectory | None = None,
    token: str = "",
    now: datetime = SIGNED_AT,
) -> SignerVerdict:
    return answer_challenge(
        token=token or challenge.token,
        signature=signed(challenge) if signature is None else signature,
        session_secret=secret,
        purpose=purpose,
        trust=believed or trust(Scheme.RSA),
        fetcher=None,
        now=now,
    )


def is_burnt(challenge: Challenge) -> bool:
    return Challenge.objects.get(pk=challenge.pk).used_at is not None


@pytest.mark.parametrize(
    ("language", "purpose", "words"),
    [
        (
            "kk",
            APPLICANT,
            ["кіру", "құжатқа қол қою емес", "алушының кабинеті", "Қолданылу мерзімі:"],
        ),
        ("kk", STAFF, ["қызметкердің кіруі"]),
        (
            "ru",
            APPLICANT,
            ["Вход в систему", "не подписание документа", "кабинет услугополучателя"],
        ),
        ("en", STAFF, ["Sign-in to Kualik", "signs no document", "staff sign-in"]),
    ],
)
def test_the_text_says_what_it_is_where_for_whom_and_until_when(
    language: str, purpose: str, words: list[str]
) -> None:
    text = offered(purpose, language=language).text
    for said in [*words, SITE, "2026-11-21T15:05:00+05:00"]:
        assert said in text


def test_each_text_has_a_nonce_of_32_bytes_that_comes_once() -> None:
    nonces = [re.findall(r"\b[0-9a-f]{64}\b", offered().text) for _ in range(3)]
    assert [len(found) for found in nonces] == [1, 1, 1]
    assert len({found[0] for found in nonces}) == 3


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_longest_name_of_a_site_fits(language: str) -> None:
    longest = offered(host="a" * 253 + ":65535", language=language)
    assert len(longest.text) <= 600


def test_a_row_does_not_hold_the_secret_of_the_session() -> None:
    offered()
    assert SECRET not in str(list(Challenge.objects.values()))


@pytest.mark.parametrize("scheme", EVERY)
def test_a_valid_signature_tells_who_is_there(scheme: Scheme) -> None:
    challenge = offered()
    signature = signed(challenge, individual(scheme))
    verdict = answered(challenge, signature, believed=trust(scheme))
    assert (verdict.status, verdict.iin, verdict.bin) == ("valid", INDIVIDUAL.iin, "")
    assert is_burnt(challenge)


def test_a_key_made_for_logging_in_serves_too() -> None:
    challenge = offered()
    verdict = answered(challenge, signed(challenge, authentication(Scheme.RSA)))
    assert verdict.iin == INDIVIDUAL.iin


@pytest.mark.parametrize("scheme", EVERY)
def test_a_revoked_key_is_refused_with_the_reason(scheme: Scheme) -> None:
    leaf = individual(scheme)
    believed = trust(scheme, revoked=((leaf.serial, NOW - timedelta(days=1)),))
    challenge = offered()
    refused_with("отозван", challenge, signed(challenge, leaf), believed)


def test_an_expired_key_is_refused_with_the_reason() -> None:
    challenge = offered()
    refused_with("срок", challenge, signed(challenge, expired(Scheme.RSA)))


def test_revocation_that_nobody_tells_about_is_not_good() -> None:
    silent = trust(Scheme.RSA, with_list=False)
    refused_with("нет данных о том, не отозван", offered(), None, silent)


def test_a_key_of_an_authority_that_is_not_believed_is_refused() -> None:
    foreign: Hierarchy = make_hierarchy(scheme=Scheme.RSA, now=NOW)
    leaf = foreign.issue(INDIVIDUAL, not_before=ISSUED_AT)
    challenge = offered()
    refused_with("довер", challenge, signed(challenge, leaf))
    nobody = offered()
    refused_with("довер", nobody, None, TrustDirectory())


def refused_with(
    word: str,
    challenge: Challenge,
    signature: bytes | None,
    believed: TrustDirectory | None = None,
) -> None:
    with pytest.raises(RuleViolation, match="signature_not_valid") as refused:
        answered(challenge, signature, believed=believed)
    assert word in message(refused.value, "ru").lower()
    said = {message(refused.value, language) for language in ("kk", "ru", "en")}
    assert len(said) == 3
    assert is_burnt(challenge)


def refused(code: str, challenge: Challenge, signature: bytes | None = None, **how: object) -> None:
    with pytest.raises(RuleViolation) as violation:
        answered(challenge, signature, **how)  # type: ignore[arg-type]
    assert violation.value.code == code
    assert code in table()


def test_two_signers_are_one_too_many() -> None:
    challenge = offered()
    both = signed(challenge, individual(Scheme.RSA), head(Scheme.RSA))
    refused("one_signer_expected", challenge, both)
    nobody = offered()
    empty = sign_cms(leaves=[], content=nobody.text.encode(), detached=False)
    refused("one_signer_expected", nobody, empty)


@pytest.mark.parametrize("change", ["newline", "space", "empty", "windows", "nonce"])
def test_a_text_changed_by_one_byte_is_another_text(change: str) -> None:
    challenge = offered()
    text = challenge.text.encode()
    content = {
        "newline": text + b"\n",
        "space": b" " + text,
        "empty": b"",
        "windows": text.replace(b"\n", b"\r\n"),
        "nonce": flipped(text, len(text) - 5),
    }[change]
    refused("challenge_differs", challenge, signed(challenge, content=content))
    assert is_burnt(challenge)


def test_a_signature_without_its_text_proves_nothing() -> None:
    challenge = offered()
    apart = sign_cms(
        leaves=[individual(Scheme.RSA)], content=challenge.text.encode(), detached=True
    )
    refused("challenge_differs", challenge, apart)


def test_a_signature_broken_on_the_way_is_refused() -> None:
    challenge = offered()
    signature = signed(challenge)
    refused("signature_not_valid", challenge, flipped(signature, len(signature) - 3))


def test_the_text_of_another_challenge_does_not_serve() -> None:
    mine, other = offered(), offered()
    refused("challenge_differs", mine, signed(other))
    assert not is_burnt(other)


def test_the_answer_of_another_browser_is_refused_and_burns() -> None:
    challenge = offered()
    refused("challenge_of_other_session", challenge, secret="somebody else's")
    refused("challenge_used", challenge)


def test_a_sign_in_of_staff_opens_no_cabinet_and_the_other_way_round() -> None:
    refused("challenge_unknown", offered(STAFF), purpose=APPLICANT)
    refused("challenge_unknown", offered(APPLICANT), purpose=STAFF)


def test_an_answer_serves_once() -> None:
    challenge = offered()
    answered(challenge)
    refused("challenge_used", challenge)


def test_five_minutes_are_the_end() -> None:
    answered(offered(), now=NOW + LIFE - timedelta(seconds=1))
    refused("challenge_expired", offered(), now=NOW + LIFE)


def test_a_clock_far_ahead_is_refused() -> None:
    challenge = offered()
    ahead = sign_cms(
        leaves=[individual(Scheme.RSA)],
        content=challenge.text.encode(),
        detached=False,
        signing_time=SIGNED_AT + timedelta(hours=1),
    )
    refused("signature_not_valid", challenge, ahead)


@pytest.mark.parametrize(
    ("signature", "code"),
    [(b"", "signature_empty"), (b"no signature", "signature_malformed")],
)
def test_what_is_no_signature_logs_nobody_in_and_burns(signature: bytes, code: str) -> None:
    challenge = offered()
    refused(code, challenge, signature)
    refused("challenge_used", challenge)


@pytest.mark.parametrize(
    "token", ["x", "\x00" * 43, "ә" * 43, "A" * 43, "A" * 5000, "A" * 42 + "\n"]
)
def test_a_token_that_nobody_gave_is_unknown(token: str) -> None:
    refused("challenge_unknown", offered(), token=token)


def test_a_bare_certificate_logs_nobody_in() -> None:
    """What getKeyInfo gives: everybody may have it."""
    refused("signature_malformed", offered(), individual(Scheme.RSA).certificate_der)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_answers_at_once_one_is_taken() -> None:
    challenge = offered()
    signature, believed = signed(challenge), trust(Scheme.RSA)
    outcomes: Counter[str] = Counter()

    def work() -> None:
        try:
            answered(challenge, signature, believed=believed)
            outcomes["let in"] += 1
        except RuleViolation as violation:
            outcomes[violation.code] += 1
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert outcomes == {"let in": 1, "challenge_used": 19}


def test_challenges_are_forgotten_when_their_time_is_over() -> None:
    challenge = offered()
    assert forget_challenges(now=NOW + LIFE - timedelta(seconds=1)) == 0
    assert forget_challenges(now=NOW + LIFE) == 1
    refused("challenge_unknown", challenge)


# Whom the certificate names


def verdict_of(leaf: Leaf) -> SignerVerdict:
    challenge = offered()
    return answered(challenge, signed(challenge, leaf))


def issued(**subject: str) -> Leaf:
    return authority(Scheme.RSA).issue(Subject(**subject), not_before=ISSUED_AT)


def test_the_names_of_the_certificate_are_written_in_ordinary_letters() -> None:
    facts = private_person(verdict_of(individual(Scheme.RSA)))
    assert (facts.family_name, facts.given_name, facts.patronymic) == (
        "Тестова",
        "Айгүл",
        "Серікқызы",
    )
    assert facts.iin == INDIVIDUAL.iin


def test_a_person_may_have_two_surnames_and_no_patronymic() -> None:
    leaf = issued(surname="ӘБДІ-ҚАЛИ", given_name="ҒАЛИЯ", iin=INDIVIDUAL.iin)
    facts = private_person(verdict_of(leaf))
    assert (facts.family_name, facts.given_name, facts.patronymic) == ("Әбді-Қали", "Ғалия", "")


def test_a_key_of_an_organisation_opens_no_private_cabinet() -> None:
    with pytest.raises(RuleViolation, match="certificate_of_organisation"):
        private_person(verdict_of(head(Scheme.RSA)))


@pytest.mark.parametrize("iin", ["", "84080541477"])
def test_a_certificate_without_an_iin_names_nobody(iin: str) -> None:
    with pytest.raises(RuleViolation, match="certificate_without_iin"):
        private_person(verdict_of(issued(surname="ТЕСТОВА", given_name="АЙГҮЛ", iin=iin)))


def test_the_key_of_a_system_names_nobody() -> None:
    with pytest.raises(RuleViolation, match="certificate_without_iin"):
        private_person(verdict_of(system(Scheme.RSA)))


def test_an_answer_of_the_authority_about_now_is_asked_for() -> None:
    """A key revoked a minute ago, in a list made after that, logs nobody in."""
    made = authority(Scheme.RSA)
    leaf = made.issue(INDIVIDUAL, not_before=ISSUED_AT, roles=(Role.INDIVIDUAL,))
    fresh = made.crl({leaf.serial: Revocation(at=NOW)}, now=NOW)
    believed = trust_of((made.root.certificate_der, made.issuing.certificate_der), crls=[fresh])
    challenge = offered()
    refused_with("отозван", challenge, signed(challenge, leaf), believed)


def test_a_signature_file_that_costs_too_much_is_refused_before_it_is_judged() -> None:
    """Anybody may ask for a challenge, and so for the work."""
    challenge, hierarchy = offered(), authority(Scheme.GOST256)
    leaves = [hierarchy.issue(INDIVIDUAL, not_before=ISSUED_AT) for _ in range(20)]
    with pytest.raises(RuleViolation) as caught:
        answered(challenge, signed(challenge, *leaves), believed=trust(Scheme.GOST256))
    assert caught.value.code == "signature_too_complex"
    assert is_burnt(challenge)
