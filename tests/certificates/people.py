"""The people, providers and documents of the tests, made by the services of the rooms."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.core.files.storage import default_storage
from django.test import Client

from kualik.accounts.models import User
from kualik.accounts.services import (
    PersonFacts,
    enrol_demo_device,
    enrol_staff,
    register_persons,
)
from kualik.cases.services.trial_signing import trial_leaf
from kualik.certificates.models import Certificate, SealPolicy
from kualik.certificates.services.drafting import Draft, draft_certificates
from kualik.certificates.services.sealing import enter_prepared, make_sealed_files
from kualik.certificates.services.signing import (
    PreparedFile,
    check_person_signature,
    enter_signed,
    store_signature,
)
from kualik.core.journal import SYSTEM
from kualik.demo.people import invented_iin
from kualik.papers.services import SealBlock
from kualik.providers.models import Provider
from kualik.providers.services import OfficeFacts, ProviderFacts, register_provider
from kualik.rules import standards
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import sign_cms
from kualik.signatures.models import SigningKey
from kualik.signatures.services import enrol_test_key, installation_trust, test_fetcher

NOW = datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
ISSUED_ON = date(2026, 3, 2)
REASON = Text("Тексеру жүргізіліп жатыр", "Проводится проверка", "Under review")
STAFF_IINS = [invented_iin(900 + number) for number in range(50)]
NAMES = (
    ("850713400128", "Жүнісова", "Айгүл", "Серікқызы"),
    ("910101300128", "Әбдірахманов", "Нұрлан", "Ғалымұлы"),
)


def open_provider(code: str, bin_number: str, city: Text) -> Provider:
    return register_provider(
        facts=ProviderFacts(
            code=code,
            bin=bin_number,
            kind="education",
            name=Text(
                f"«{code}» медицина университеті",
                f"Медицинский университет «{code}»",
                f"{code} Medical University",
            ),
            city=city,
        ),
        main_office=OfficeFacts(
            name=Text("Кеңсе", "Канцелярия", "Office"),
            address=Text("Абай к., 1", "ул. Абая, 1", "1 Abay St"),
            phones=("+7 727 100-00-00",),
            hours={},
        ),
        now=NOW,
        actor=SYSTEM,
    )


def employ(provider: Provider | None, *roles: Role, name: str) -> User:
    place = provider.code.lower() if provider else "platform"
    return enrol_staff(
        email=f"{roles[0].value}@{place}.example.kz",
        password=None,
        full_name=name,
        position=Text("Бірінші проректор", "Первый проректор", "First Vice-Rector"),
        provider=provider,
        roles=roles,
        actor=SYSTEM,
        now=NOW,
        iin=STAFF_IINS[User.objects.count()],
    )


def draft(
    signer: User, *, count: int = 1, kind: str = "pd", paper: str = "certificate"
) -> list[Certificate]:
    """Numbers of the signer's provider that wait for the seal."""
    assert signer.provider is not None
    standard = standards.get("A303")
    facts = [
        PersonFacts(iin=iin, family_name=family, given_name=given, patronymic=patronymic)
        for iin, family, given, patronymic in NAMES
    ]
    people = register_persons(people=facts, now=NOW)
    holders = [(people[one.iin], people[one.iin].full_name) for one in facts]
    return draft_certificates(
        provider=signer.provider,
        standard=standard,
        drafts=[
            Draft(
                person=holders[index % len(holders)][0],
                holder_kk=holders[index % len(holders)][1],
                holder_ru=holders[index % len(holders)][1],
                programme=Text("Кардиология негіздері", "Основы кардиологии"),
                specialty=Text("Кардиология", "Кардиология"),
                hours=120,
                credits="4",
                started_on=date(2026, 2, 2),
                ended_on=date(2026, 2, 27),
                result=standard.result(kind, paper),
            )
            for index in range(count)
        ],
        signer=signer,
        issued_on=ISSUED_ON,
        actor=SYSTEM,
        now=NOW,
    )


def prepare(certificates: Sequence[Certificate], key: SigningKey) -> list[Certificate]:
    """The drafts with the organisation's seal in their files, waiting for the signature."""
    files = make_sealed_files(
        certificates=certificates, key=key, way=SealPolicy.Way.PERSON, user=None, now=NOW
    )
    return enter_prepared(files=files, key=key, actor=SYSTEM, now=NOW)


def signature_of(certificate: Certificate) -> bytes:
    """What the signer's key makes of the prepared file."""
    leaf = trial_leaf(certificate.signer, certificate.provider, iins=STAFF_IINS, now=NOW)
    with default_storage.open(certificate.file) as stored:
        content = stored.read()
    return sign_cms(leaves=[leaf], content=content, detached=True, signing_time=NOW)


def sign(certificate: Certificate) -> None:
    """Issue a prepared draft by the signature of its signer."""
    signature = signature_of(certificate)
    with default_storage.open(certificate.file) as stored:
        verdict = check_person_signature(
            prepared=PreparedFile(
                number=certificate.number,
                content=stored.read(),
                sha256=certificate.file_sha256,
                signer=certificate.signer,
                bin=certificate.provider.bin,
            ),
            signature=signature,
            trust=installation_trust(),
            fetcher=test_fetcher(now=NOW),
            now=NOW,
        )
    enter_signed(
        certificate=certificate,
        verdict=verdict,
        name=store_signature(document=certificate.file, signature=signature),
        signature=signature,
        signer=certificate.signer,
        actor=certificate.signer.acting_as(Role.AUTHORISED_PERSON),
        now=NOW,
    )


def seal(certificates: Sequence[Certificate], key: SigningKey) -> list[Certificate]:
    """The drafts as documents, sealed and signed, read anew."""
    prepared = prepare(certificates, key)
    for certificate in prepared:
        sign(certificate)
    return list(Certificate.objects.filter(pk__in=[row.pk for row in prepared]).order_by("id"))


def key_of(signer: User) -> SigningKey:
    assert signer.provider is not None
    return enrol_test_key(provider=signer.provider, now=NOW, actor=SYSTEM)


def client_of(user: User) -> Client:
    """A browser in which ``user`` is signed in with both factors."""
    device = enrol_demo_device(user=user, now=NOW)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    return client


def seal_block(facts: CertificateFacts, key: SigningKey) -> SealBlock:
    """The words of a seal as a forger would print them."""
    return SealBlock(
        organisation=facts.provider_name,
        certificate_serial=key.serial,
        certificate_valid_to=key.not_after.date(),
        sealed_at=NOW,
        has_person_signature=True,
    )
