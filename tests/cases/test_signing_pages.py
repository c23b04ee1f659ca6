"""The authorised person signs prepared documents: the pages and what they hand over (A57.10-2)."""

import base64
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.sealing import prepare_requests, prepared_for, waiting_for_seal
from kualik.cases.services.trial_signing import trial_leaf
from kualik.certificates.models import Certificate, PersonSignature, SealPolicy
from kualik.certificates.services.policy import Limits, set_policy
from kualik.core import clock
from kualik.rules.lifecycle import Role, State
from kualik.signatures.adapters.test_authority import sign_cms
from tests.world import World, build_world

SignIn = Callable[[User], Client]


@pytest.fixture
def world(db: None, kualik_files: object, served_installation: None) -> World:
    """Keys and checks by an authority that answers."""
    return build_world()


@pytest.fixture
def dana(world: World) -> User:
    return world.demo.staff[Role.AUTHORISED_PERSON]


@pytest.fixture
def prepared(world: World, dana: User) -> list[Request]:
    """Three documents with the organisation's seal."""
    more = [world.by_state[State.FILED], world.by_state[State.ACCEPTED]]
    registrar = world.demo.staff[Role.REGISTRAR]
    approve_requests(requests=more, user=registrar, role=Role.REGISTRAR, now=world.now)
    prepare_requests(
        requests=[world.by_state[State.APPROVED], *more],
        key=world.demo.key,
        user=dana,
        actor=dana.acting_as(Role.AUTHORISED_PERSON),
        now=clock.now(),
    )
    return prepared_for(dana, clock.now())


def signature_of(request: Request, world: World, *, by: Role = Role.AUTHORISED_PERSON) -> str:
    user, now = world.demo.staff[by], clock.now()
    assert request.certificate
    leaf = trial_leaf(user, world.demo.provider, iins=list(world.demo.iins.values()), now=now)
    with default_storage.open(request.certificate.file, "rb") as stored:
        made = sign_cms(leaves=[leaf], content=stored.read(), detached=True, signing_time=now)
    return base64.b64encode(made).decode()


def hand_in(client: Client, signatures: object) -> tuple[int, dict[str, object]]:
    body = json.dumps({"signatures": signatures})
    answer = client.post(reverse("cases:signatures"), body, content_type="application/json")
    return answer.status_code, answer.json()


def numbers(requests: list[Request]) -> list[str]:
    return [row.certificate.number for row in requests if row.certificate]


def test_the_page_shows_every_document_before_it_is_signed(
    signed_in: SignIn, dana: User, prepared: list[Request]
) -> None:
    answer = signed_in(dana).get(reverse("cases:sign"), {"lang": "en"})
    page = answer.content.decode()
    for number in numbers(prepared):
        assert reverse("cases:prepared_file", args=[number]) in page
    assert "have looked at these documents and sign them" in page
    assert 'id="confirm"' in page
    assert "needs JavaScript" in page
    assert "connect-src 'self' ws://127.0.0.1:" in answer.headers["Content-Security-Policy"]


def test_only_this_page_may_reach_beyond_the_site(signed_in: SignIn, dana: User) -> None:
    answer = signed_in(dana).get(reverse("cases:seal"))
    assert "connect-src" not in answer.headers["Content-Security-Policy"]


def test_a_prepared_document_is_shown_to_its_signer_alone(
    signed_in: SignIn, world: World, dana: User, prepared: list[Request]
) -> None:
    address = reverse("cases:prepared_file", args=numbers(prepared)[:1])
    answer = signed_in(dana).get(address)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "no-store" in answer.headers["Cache-Control"]
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    other = world.other.staff[Role.AUTHORISED_PERSON]
    assert signed_in(other).get(address).status_code == 404
    assert signed_in(world.demo.staff[Role.REGISTRAR]).get(address).status_code == 404
    assert signed_in(world.demo.staff[Role.CLERK]).get(address).status_code == 403


def test_a_prepared_file_that_is_lost_can_be_prepared_anew_today(
    signed_in: SignIn, dana: User, prepared: list[Request]
) -> None:
    lost = prepared[0].certificate
    assert lost is not None
    default_storage.delete(lost.file)
    answer = signed_in(dana).get(reverse("cases:prepared_file", args=[lost.number]))
    assert "missing or changed" in answer.content.decode()
    assert [row.pk for row in waiting_for_seal(dana, clock.now())] == [prepared[0].pk]


def test_good_signatures_issue_and_bad_ones_say_why(
    signed_in: SignIn, world: World, dana: User, prepared: list[Request]
) -> None:
    first, second, third = numbers(prepared)
    status, answer = hand_in(
        signed_in(dana),
        {
            first: signature_of(prepared[0], world),
            second: signature_of(prepared[0], world),
            third: signature_of(prepared[2], world, by=Role.OFFICE_HEAD),
        },
    )
    assert status == 200
    outcomes = answer["outcomes"]
    assert isinstance(outcomes, list)
    assert [one["issued"] for one in outcomes] == [True, False, False]
    assert len({one["text"] for one in outcomes}) == 3
    standing = Certificate.objects.in_bulk(numbers(prepared), field_name="number")
    assert [standing[number].status for number in (first, second, third)] == [
        "valid",
        "draft",
        "draft",
    ]


def test_what_is_no_portion_of_signatures_is_refused(signed_in: SignIn, dana: User) -> None:
    client = signed_in(dana)
    many = {str(number): "" for number in range(16)}
    for sent in (None, [], {}, {"A": 1}, {"A": "not base64"}, many):
        assert hand_in(client, sent)[0] == 400, sent
    address = reverse("cases:signatures")
    for body in (b"\xff", b"[]", b"1", b"[" * 200_000):
        answer = client.post(address, body, content_type="application/json")
        assert answer.status_code == 400, body


def test_signatures_need_the_token_of_the_page(
    world: World, dana: User, prepared: list[Request], signed_in: SignIn
) -> None:
    client = signed_in(dana)
    client.handler.enforce_csrf_checks = True
    body = json.dumps({"signatures": {numbers(prepared)[0]: signature_of(prepared[0], world)}})
    answer = client.post(reverse("cases:signatures"), body, content_type="application/json")
    assert answer.status_code == 403


def test_the_signer_sees_and_takes_what_was_signed(
    signed_in: SignIn, world: World, dana: User, prepared: list[Request]
) -> None:
    client = signed_in(dana)
    signed = {
        number: signature_of(row, world)
        for number, row in zip(numbers(prepared), prepared, strict=True)
    }
    hand_in(client, signed)
    day = f"{clock.local_day(clock.now()):%Y-%m-%d}"
    page = client.get(reverse("cases:signed")).content.decode()
    for number in signed:
        assert number in page
    answer = client.get(reverse("cases:signed_files"), {"day": day})
    assert f"signed-{day}.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        for number, signature in signed.items():
            assert archive.read(f"{number}.pdf.p7s") == base64.b64decode(signature)
            assert archive.read(f"{number}.pdf").startswith(b"%PDF")


def test_nobody_sees_what_others_signed(signed_in: SignIn, world: World) -> None:
    assert PersonSignature.objects.exists()
    other = world.other.staff[Role.AUTHORISED_PERSON]
    client = signed_in(other)
    assert "<tbody" not in client.get(reverse("cases:signed")).content.decode()
    answer = client.get(reverse("cases:signed_files"))
    assert answer.headers["Location"] == reverse("cases:signed")


def test_no_more_are_offered_than_may_be_signed_today(
    signed_in: SignIn, world: World, dana: User, prepared: list[Request]
) -> None:
    set_policy(
        provider=world.demo.provider,
        limits=Limits(
            way=SealPolicy.Way.PERSON,
            person_quota=PersonSignature.objects.filter(signer=dana).count() + 2,
        ),
        takes_reading=False,
        user=dana,
        actor=dana.acting_as(Role.PROVIDER_ADMIN),
        now=clock.now(),
    )
    client = signed_in(dana)
    for page in ("cases:sign", "cases:seal_phone"):
        answer = client.get(reverse(page), {"lang": "en"})
        assert len(answer.context["prepared"]) == 2
        assert "lets you sign 2 more documents" in answer.content.decode()
        assert "1 more document waits" in answer.content.decode()
    signed = {
        number: signature_of(row, world)
        for number, row in zip(numbers(prepared), prepared, strict=True)
    }
    outcomes = hand_in(client, signed)[1]["outcomes"]
    assert isinstance(outcomes, list)
    assert [(one["issued"], one["again"]) for one in outcomes] == [
        (True, False),
        (True, False),
        (False, False),
    ]
    text = client.get(reverse("cases:sign"), {"lang": "en"}).content.decode()
    assert "signed as many documents today as your limit lets you" in text
    assert "Nothing is prepared" not in text


def test_the_advice_fits_the_reason(
    signed_in: SignIn, world: World, dana: User, prepared: list[Request]
) -> None:
    first, second, _third = numbers(prepared)
    outcomes = hand_in(
        signed_in(dana),
        {first: signature_of(prepared[0], world, by=Role.OFFICE_HEAD), "NO-2026-1": "", second: ""},
    )[1]["outcomes"]
    assert isinstance(outcomes, list)
    assert [one["again"] for one in outcomes] == [True, False, False]
    assert outcomes[0]["advice"] != outcomes[1]["advice"]
