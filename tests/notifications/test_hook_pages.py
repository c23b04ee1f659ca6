"""The pages of web hooks: for the administrator of the provider alone."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.core import clock, jobs
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.notifications.models import Hook, HookDelivery
from kualik.notifications.services import hook_keeping as keeping
from kualik.notifications.services.hook_keeping import HookFacts
from kualik.notifications.services.hooks import HOOK_JOB, PURPOSE, emit, run_hook_job
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role
from tests.notifications.services import Service
from tests.training.office import NOW, client_of, employ, open_provider

pytestmark = pytest.mark.django_db
OTHERS = tuple(set(Role) - {Role.PROVIDER_ADMIN, Role.SYSTEM, Role.APPLICANT})
READ = ("hook", "hook_change", "hook_renew", "delivery")
POSTED = ("hook_secret", "hook_act", "replay")
State = HookDelivery.State


@pytest.fixture
def receiver() -> Iterator[Service]:
    running = Service()
    yield running
    running.end()


@pytest.fixture(autouse=True)
def on_a_demonstration(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def provider() -> Provider:
    return open_provider("DEMO", "990140000018")


@pytest.fixture
def hook(provider: Provider, receiver: Service) -> Hook:
    facts = HookFacts(
        name="Оқу жүйесі",
        url=f"http://127.0.0.1:{receiver.server_port}/in",
        events=["request.filed"],
    )
    made = keeping.add_hook(provider=provider, facts=facts, actor=SYSTEM, now=NOW)
    emit(
        provider=provider,
        event="request.filed",
        about="request:DEMO-2026-Z000001-5",
        body={"number": "DEMO-2026-Z000001-5"},
        key="request:DEMO-2026-Z000001-5:1:filed",
        now=NOW,
    )
    return made


@pytest.fixture
def admin(provider: Provider) -> Client:
    return client_of(employ(provider, Role.PROVIDER_ADMIN))


def addresses(hook: Hook, names: tuple[str, ...]) -> list[str]:
    delivery = hook.deliveries.get()
    return [
        reverse(
            f"notifications:{name}",
            args=[delivery.pk if name in ("delivery", "replay") else hook.pk],
        )
        for name in names
    ]


def act(client: Client, hook: Hook, do: str) -> str:
    answer = client.post(reverse("notifications:hook_act", args=[hook.pk]), {"do": do})
    return str(getattr(answer, "url", answer.status_code))


def work() -> None:
    jobs.run_waiting(handlers={HOOK_JOB: run_hook_job}, worker="w", clock=lambda: NOW)


def test_other_roles_and_strangers_see_nothing(provider: Provider, hook: Hook) -> None:
    lists = [reverse("notifications:hooks"), reverse("notifications:hook_new")]
    everything = [*lists, *addresses(hook, READ), *addresses(hook, POSTED)]
    for address in everything:
        assert Client().get(address).status_code == 302
    for role in sorted(OTHERS):
        client = client_of(employ(provider, role))
        for address in everything:
            assert client.get(address).status_code == 403, address
            assert client.post(address).status_code == 403, address


def test_another_provider_and_the_platform_find_nothing(hook: Hook) -> None:
    stranger = client_of(employ(open_provider("OTHER", "060540001234"), Role.PROVIDER_ADMIN))
    nobody = client_of(employ(None, Role.PROVIDER_ADMIN))
    for client in (stranger, nobody):
        for address in addresses(hook, READ):
            assert client.get(address).status_code == 404, address
        for address in addresses(hook, POSTED):
            assert client.post(address).status_code == 404, address
    assert "Оқу жүйесі" not in stranger.get(reverse("notifications:hooks")).content.decode()


def test_a_hook_is_made_changed_and_removed(admin: Client) -> None:
    said = {
        "name": "ҚР", "url": "https://lms.example.kz/in",
        "events": ["request.issued", "certificate.revoked"],
    }  # fmt: skip
    answer = admin.post(reverse("notifications:hook_new"), said)
    made = Hook.objects.get()
    assert answer.url == reverse("notifications:hook", args=[made.pk])
    assert made.events == ["request.issued", "certificate.revoked"]
    change = reverse("notifications:hook_change", args=[made.pk])
    assert admin.post(change, {**said, "events": ["request.filed"]}).status_code == 302
    made.refresh_from_db()
    assert made.events == ["request.filed"]
    assert act(admin, made, "remove") == reverse("notifications:hooks")
    assert admin.get(change).status_code == 404


@pytest.mark.parametrize(
    ("said", "field"),
    [({"url": "https://a:b@x.kz"}, "url"), ({"events": []}, "events"), ({"name": ""}, "name")],
)
def test_what_does_not_fit_is_told_at_its_field(
    admin: Client, said: dict[str, object], field: str
) -> None:
    sent = {"name": "x", "url": "https://x.kz/", "events": ["request.filed"], **said}
    page = admin.post(reverse("notifications:hook_new"), sent)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]


def test_the_secret_is_shown_by_a_button_alone(admin: Client, hook: Hook) -> None:
    secret = keeping.secrets_of(hook, NOW)[0]
    (address,) = addresses(hook, ("hook_secret",))
    assert secret not in admin.get(reverse("notifications:hook", args=[hook.pk])).content.decode()
    assert admin.get(address).status_code == 302
    page = admin.post(address)
    assert secret in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert JournalEntry.objects.filter(action="notifications.hook_secret_shown").count() == 1
    assert PURPOSE == "hook"


def test_a_new_secret_is_asked_about_and_the_former_one_is_ended_by_hand(
    admin: Client, hook: Hook
) -> None:
    first = keeping.secrets_of(hook, clock.now())
    (where,) = addresses(hook, ("hook_renew",))
    page = reverse("notifications:hook", args=[hook.pk])
    assert "Создать новый ключ" in admin.get(where).content.decode()
    hook.refresh_from_db()
    assert keeping.secrets_of(hook, clock.now()) == first, "to look is not to renew"
    assert admin.post(where).url == page
    assert "Прежний ключ подписывает до" in admin.get(page).content.decode()
    asked = admin.get(where).content.decode()
    assert "Создать новый ключ" not in asked
    assert "end_former" in asked
    told = admin.post(where, follow=True).content.decode()
    assert "Прежний ключ подписывает до" in told
    hook.refresh_from_db()
    assert keeping.secrets_of(hook, clock.now())[1:] == first
    act(admin, hook, "end_former")
    hook.refresh_from_db()
    assert len(keeping.secrets_of(hook, clock.now())) == 1
    assert JournalEntry.objects.filter(action="notifications.hook_former_secret_ended").exists()
    assert admin.post(where).status_code == 302
    hook.refresh_from_db()
    assert len(keeping.secrets_of(hook, clock.now())) == 2


def test_deliveries_are_shown_and_told_again(admin: Client, hook: Hook, receiver: Service) -> None:
    work()
    page = admin.get(reverse("notifications:hook", args=[hook.pk])).content.decode()
    assert "Заявление подано" in page
    (one,) = addresses(hook, ("delivery",))
    assert "request:DEMO-2026-Z000001-5:1:filed" in admin.get(one).content.decode()
    assert admin.post(f"{one}replay/").url == one
    work()
    assert len({asked.headers["webhook-id"] for asked in receiver.script.asked}) == 1
    assert len(receiver.script.asked) == 2


def test_a_paused_hook_waits_and_goes_on(admin: Client, hook: Hook, receiver: Service) -> None:
    act(admin, hook, "pause")
    work()
    assert receiver.script.asked == []
    act(admin, hook, "resume")
    work()
    assert len(receiver.script.asked) == 1


def test_what_was_given_up_is_told_again_at_once(
    admin: Client, hook: Hook, receiver: Service
) -> None:
    hook.deliveries.update(state=State.FAILED)
    page = reverse("notifications:hook", args=[hook.pk])
    assert hook.deliveries.get().about in admin.get(f"{page}?show=failed").content.decode()
    act(admin, hook, "replay")
    work()
    assert hook.deliveries.get().state == State.DELIVERED


def test_a_message_to_try_it_is_sent(admin: Client, hook: Hook, receiver: Service) -> None:
    act(admin, hook, "test")
    work()
    assert "hook.test" in [asked.json["type"] for asked in receiver.script.asked]
    assert (
        "Пробное сообщение"
        in admin.get(reverse("notifications:hook", args=[hook.pk])).content.decode()
    )


def test_an_act_that_is_none_is_not_found(admin: Client, hook: Hook) -> None:
    assert act(admin, hook, "explode") == "404"
