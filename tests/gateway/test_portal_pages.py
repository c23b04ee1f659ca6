"""The pages of the portal's services: settings, trying out, what was said, what has not left."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.accounts.models import User
from kualik.core import journal
from kualik.gateway.models import Arrival, Conversation, Inbound, Outbound, Peer, Profile
from kualik.gateway.services.masking import masked
from kualik.gateway.services.profiles import not_agreed
from kualik.gateway.services.replies import rows_for
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import Scheme
from kualik.signatures.adapters.test_authority.storage import save_leaf
from tests.flows.office import NOW, Office, open_demo_office
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_side import Service, iin_of, open_service, whole, work
from tests.world import enrol, sign_in

IIN = "900101300017"
SERVICES, TALKS = reverse("gateway:services"), reverse("gateway:talks")


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service(db: None, kualik_files: Path, settings: Settings, bus_keys: BusKeys) -> Service:
    save_leaf(Path(settings.KEYS_ROOT) / "gateway", Scheme.RSA, bus_keys.ours.leaf)
    office = open_demo_office()
    office.seal_automatically(decides_alone=True)
    return open_service(office)


def browser(user: User) -> Client:
    client = sign_in(Client(), user)
    client.cookies["kualik_language"] = "en"
    return client


def admin_of(office: Office) -> Client:
    """The provider's own administrator."""
    user = enrol("own-admin", office.stage.provider, Role.PROVIDER_ADMIN, now=NOW)
    return browser(user)


@pytest.fixture
def admin(service: Service) -> Client:
    return admin_of(service.office)


@pytest.fixture
def platform(service: Service) -> Client:
    return browser(enrol("platform", None, Role.PLATFORM_ADMIN, now=NOW))


@pytest.fixture
def stranger(service: Service) -> Client:
    """The administrator of another provider."""
    other = service.office.stage.provider.__class__.objects.create(
        code="OTHER",
        bin="990140000018",
        kind="education",
        **{f"name_{language}": "OTHER" for language in ("kk", "ru", "en")},
        **dict.fromkeys(("city_kk", "city_ru", "city_en"), "Алматы"),
    )
    return browser(enrol("other-admin", other, Role.PROVIDER_ADMIN, now=NOW))


def page(service: Service, name: str = "service") -> str:
    return reverse(f"gateway:{name}", args=[service.profile.pk])


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def talked(service: Service) -> Conversation:
    """A conversation with its document."""
    (completion,) = service.completed()
    conversation = service.ask(service.form(**whole(completion)))
    work()
    return conversation


def test_settings_are_kept_and_told_to_the_journal(service: Service, admin: Client) -> None:
    sent = {"namespace": "urn:kz:cert", "form__kind": "RequestData/Type", "result_by": "inline"}
    answer = admin.post(page(service), sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, page(service))
    profile = Profile.objects.get()
    assert profile.mapping == {"namespace": "urn:kz:cert", "form.kind": "RequestData/Type"}
    assert profile.is_active is False
    entry = journal.history(f"profile:{profile.pk}")[-1]
    assert entry.data["rows"] == ["form.kind", "namespace"]


def test_a_hyphen_leaves_a_row_out_and_stays_on_the_page(service: Service, admin: Client) -> None:
    sent = {"namespace": "urn:kz:cert", "form__email": "-", "result_by": "inline"}
    admin.post(page(service), sent)
    assert Profile.objects.get().mapping["form.email"] == ""
    assert 'name="form__email" value="-"' in text(admin.get(page(service)))


def test_agreeing_leaves_nothing_open(service: Service, admin: Client) -> None:
    sent = {"namespace": "urn:kz:cert", "result_by": "inline", "is_active": "on", "do": "agree"}
    admin.post(page(service), sent)
    profile = Profile.objects.get()
    assert not_agreed(profile.family, profile.mapping) == []
    assert profile.is_active


def test_a_wrong_row_is_named_and_nothing_is_kept(service: Service, admin: Client) -> None:
    before = Profile.objects.get().mapping
    sent = {"namespace": "urn:kz:cert", "form__iin": "a b/", "result_by": "inline"}
    answer = admin.post(page(service), sent)
    assert answer.status_code == 422
    assert "No path" in text(answer)
    assert Profile.objects.get().mapping == before


def test_a_service_without_its_namespace_is_kept_but_not_switched_on(
    service: Service, admin: Client
) -> None:
    assert admin.post(page(service), {"result_by": "inline"}).status_code == 302
    answer = admin.post(page(service), {"result_by": "inline", "is_active": "on"})
    assert answer.status_code == 422
    assert "Nothing works without this" in text(answer)
    assert Profile.objects.get().is_active is False


def test_a_service_that_is_asked_answers_with_the_document_inside(
    service: Service, admin: Client
) -> None:
    Profile.objects.update(family="operations")
    sent = {"namespace": "urn:kz:cert", "result_by": "file_store"}
    assert admin.post(page(service), sent).status_code == 422


@pytest.mark.parametrize("family", ["universal", "document", "operations"])
def test_the_sample_is_read_and_answered_and_nothing_is_stored(
    service: Service, admin: Client, family: str
) -> None:
    Profile.objects.update(family=family)
    where = page(service, "service_try")
    sample = admin.get(where).context["form"].initial["document"]
    shown = text(admin.post(where, {"document": sample}))
    assert "90••••••••17" in shown
    assert "900101300017" in sample
    assert "With a refusal" in shown
    assert (Inbound.objects.count(), Conversation.objects.count()) == (0, 0)


def test_what_cannot_be_read_is_shown_with_the_answer(service: Service, admin: Client) -> None:
    shown = text(admin.post(page(service, "service_try"), {"document": "<a/>"}))
    assert "no request of this service" in shown
    assert "gateway_form_other" in shown


def test_what_is_answered_by_a_fault_is_shown_without_an_answer(
    service: Service, admin: Client
) -> None:
    Profile.objects.update(family="operations")
    shown = text(admin.post(page(service, "service_try"), {"document": "<Foo/>"}))
    assert "no request of this service" in shown
    assert "gateway_form_other" not in shown


def test_where_the_xml_breaks_is_told_by_line_and_column(service: Service, admin: Client) -> None:
    broken = "<a>\n  <b></c>\n</a>"
    shown = text(admin.post(page(service, "service_try"), {"document": broken}))
    assert "Line 2, column 8." in shown


def test_the_office_finds_a_request_by_the_number_of_the_portal(service: Service) -> None:
    request = talked(service).request
    assert request is not None
    office = browser(enrol("clerk", service.office.stage.provider, Role.REGISTRAR, now=NOW))
    shown = text(office.get(reverse("cases:request", args=[request.number])))
    assert "Number at the e-government portal" in shown
    assert "№ 101000000000001" in shown
    requests = reverse("cases:requests")
    assert request.number in text(office.get(requests, {"text": "101000000000001"}))
    assert request.number not in text(office.get(requests, {"text": "101000000000002"}))


def test_conversations_show_no_person_to_the_provider(service: Service, admin: Client) -> None:
    conversation = talked(service)
    assert conversation.portal_number in text(admin.get(TALKS))
    shown = text(admin.get(reverse("gateway:talk", args=[conversation.pk])))
    assert "RESPONSE" in shown
    assert "masked" not in shown


def test_documents_are_masked_for_the_administrator_of_the_installation(
    service: Service, platform: Client
) -> None:
    conversation = talked(service)
    shown = text(platform.get(reverse("gateway:talk", args=[conversation.pk])))
    completion = conversation.request.completion if conversation.request else None
    assert completion is not None
    assert iin_of(completion) not in shown
    assert completion.person.family_name.upper() not in shown
    assert "•••" in shown
    assert "CurrentStatus&gt;010" in shown


def test_masking_hides_what_it_does_not_know() -> None:
    rows = rows_for(Conversation(profile=Profile(family="universal", mapping={})))
    xml = (
        '<requestMessage a="1"><!-- Т --><SystemInfo><RequestNumber>7</RequestNumber></SystemInfo>'
        "<RequestData><X>Т<Y/>Е</X></RequestData></requestMessage>"
    )
    shown = masked(rows, xml)
    assert "<RequestNumber>7<" in shown
    assert 'a="•••"' in shown
    assert "Т" not in shown
    assert "Е" not in shown
    assert masked(rows, "no xml") == ""


def test_another_provider_finds_nothing(service: Service, stranger: Client) -> None:
    conversation = talked(service)
    assert service.profile.service_id not in text(stranger.get(SERVICES))
    assert conversation.portal_number not in text(stranger.get(TALKS))
    for address in (
        page(service),
        page(service, "service_try"),
        reverse("gateway:talk", args=[conversation.pk]),
    ):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, {"document": "<a/>"}).status_code in (404, 405)
    assert Profile.objects.get().is_active


def test_the_platform_connects_a_service_that_is_off(service: Service, platform: Client) -> None:
    sent = {
        "provider": service.profile.provider.pk,
        "peer": service.peer.pk,
        "family": "operations",
        "service_id": "NEW_SERVICE",
        "route_id": "R_DEMO",
    }
    answer = platform.post(reverse("gateway:connect"), sent)
    made = Profile.objects.get(service_id="NEW_SERVICE")
    assert answer.headers["Location"] == reverse("gateway:service", args=[made.pk])
    assert (made.is_active, made.result_by) == (False, "inline")
    again = platform.post(reverse("gateway:connect"), sent)
    assert again.status_code == 422


def test_a_channel_is_entered_with_its_certificates(
    service: Service, platform: Client, bus_keys: BusKeys
) -> None:
    sent = {
        "code": "SMARTBRIDGE",
        "name": "SmartBridge",
        "async_url": "https://gateway.example/async",
        "sender_id": "kualik",
        "sender_ids": "pep, digilocker",
        "certificates": "no certificate",
        "algorithm": "gost2015",
        "takes_pushes": "on",
        "is_active": "on",
    }
    assert platform.post(reverse("gateway:peer_new"), sent).status_code == 422
    sent["certificates"] = pem(bus_keys)
    assert platform.post(reverse("gateway:peer_new"), sent).status_code == 302
    peer = Peer.objects.get(code="SMARTBRIDGE")
    assert (len(peer.certificates), peer.sender_ids) == (1, ["pep", "digilocker"])
    where = reverse("gateway:peer", args=[peer.pk])
    assert "SmartBridge" in text(platform.get(where))
    assert platform.post(where, {**sent, "code": "OTHER", "name": "ШЭП"}).status_code == 302
    assert Peer.objects.get(code="SMARTBRIDGE").name == "ШЭП"
    assert platform.post(reverse("gateway:peer_new"), sent).status_code == 422


def pem(keys: BusKeys) -> str:
    """As a file of a certificate holds it."""
    packed = base64.encodebytes(keys.portal.certificate_der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{packed}-----END CERTIFICATE-----\n"


def test_a_failed_message_is_sent_again_by_hand(service: Service, platform: Client) -> None:
    conversation = talked(service)
    row = conversation.outbound.order_by("pk").first()
    assert row is not None
    Outbound.objects.filter(pk=row.pk).update(
        state=Outbound.State.FAILED, attempts=3, tried_at=NOW, fault="2005"
    )
    assert "2005" in text(platform.get(reverse("gateway:queue")))
    platform.post(reverse("gateway:queue_resend", args=[row.pk]))
    assert Outbound.objects.get(pk=row.pk).state == Outbound.State.WAITING
    said = platform.post(reverse("gateway:queue_resend", args=[row.pk]), follow=True)
    assert said.status_code == 200


def test_arrivals_show_no_content(service: Service, platform: Client) -> None:
    Arrival.objects.create(
        endpoint="async",
        raw="ТЕСТОВ".encode(),
        sha256="ab" * 32,
        address="127.0.0.1",
        received_at=NOW - timedelta(minutes=1),
        outcome="2015",
    )
    shown = text(platform.get(reverse("gateway:arrivals")))
    assert "2015" in shown
    assert "The signature does not hold." in shown
    assert "ТЕСТОВ" not in shown


def test_why_a_message_was_refused_is_told_and_each_look_is_journalled(
    service: Service, platform: Client, admin: Client
) -> None:
    raw = f'<a:m xmlns:a="urn:a"><messageId>7</messageId><b>{IIN}</b></a:m>'
    row = Arrival.objects.create(
        endpoint="async",
        raw=raw.encode(),
        sha256="ab" * 32,
        address="127.0.0.1",
        received_at=NOW,
        outcome="2005",
        reason={"kk": "messageType мәні белгісіз.", "ru": "Неизвестный.", "en": "Not known."},
    )
    assert "Not known." in text(platform.get(reverse("gateway:arrivals")))
    where = reverse("gateway:arrival", args=[row.pk])
    for _ in range(2):
        shown = text(platform.get(where))
    for told in ("2005", "does not fit the schema", "Not known.", "messageId&gt;7&lt;"):
        assert told in shown
    assert IIN not in shown
    looks = list(journal.history(f"arrival:{row.pk}"))
    assert [(look.action, look.role) for look in looks] == [
        ("gateway.message_looked_at", "platform_admin")
    ] * 2
    assert admin.get(where).status_code == 403


def test_of_arrivals_the_refused_ones_are_shown_first_and_all_when_asked(
    service: Service, platform: Client
) -> None:
    arrivals = reverse("gateway:arrivals")
    kept = {"raw": b"", "sha256": "ab" * 32, "received_at": NOW}
    for place in range(60):
        Arrival.objects.create(
            endpoint="pulled", address=f"192.0.2.{place}", outcome="taken", **kept
        )
    assert "192.0.2.59" in text(platform.get(arrivals))
    Arrival.objects.create(endpoint="sync", address="203.0.113.7", outcome="9001", **kept)
    first = text(platform.get(arrivals))
    assert "203.0.113.7" in first
    assert "192.0.2." not in first
    whole = text(platform.get(arrivals, {"show": "all"}))
    assert "203.0.113.7" in whole
    assert "192.0.2.59" in whole
    assert "?show=all&amp;page=2" in whole
    assert "192.0.2.0<" in text(platform.get(arrivals, {"show": "all", "page": "2"}))


@pytest.mark.parametrize("name", ["queue", "arrivals", "peers", "peer_new", "connect"])
def test_the_pages_of_the_installation_are_closed_to_providers(
    admin: Client, service: Service, name: str
) -> None:
    assert admin.get(reverse(f"gateway:{name}")).status_code == 403
    assert Client().get(reverse(f"gateway:{name}")).status_code == 302
