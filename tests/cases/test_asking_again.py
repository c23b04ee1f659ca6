"""Asking again after a refusal: with papers and words, and for a person to decide."""

import pytest
from django.test import Client
from django.urls import reverse

from kualik.cases.models import Attachment, Request
from kualik.cases.queries.corrections import one_sided
from kualik.cases.services.deciding_alone import why_not
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.asking import WISH, at_home, hidden, let_decide_alone, page_of
from tests.cases.scans import pdf, upload
from tests.world import World, sign_in


@pytest.fixture
def refused(world: World) -> Completion:
    """A programme whose request was refused."""
    found = world.by_state[State.REFUSED].completion
    assert found is not None
    return found


def send(client: Client, completion: Completion, **fields: object) -> str:
    """Send the form as it stands with other fields; the page that follows."""
    shown = hidden(client.get(page_of(completion)))
    answer = client.post(page_of(completion), {**shown, **WISH, **fields}, follow=True)
    page: str = answer.content.decode()
    return page


def test_only_after_a_refusal_the_page_asks_for_papers(world: World, refused: Completion) -> None:
    free = world.demo.free[0]
    assert 'name="scans"' not in at_home(free.person).get(page_of(free)).content.decode()
    page = at_home(refused.person).get(page_of(refused)).content.decode()
    assert 'name="scans"' in page
    assert 'name="note"' in page
    assert "multipart/form-data" in page


def test_a_scan_and_the_words_wait_in_the_draft_and_go_with_the_request(
    world: World, refused: Completion
) -> None:
    client = at_home(refused.person)
    page = send(
        client, refused, do="attach", note="Хаттама № 7", scans=upload(pdf(), "хаттама.pdf")
    )
    assert "хаттама.pdf" in page
    assert "Хаттама № 7" in page
    assert Request.objects.filter(completion=refused, state=State.FILED).count() == 0

    page = send(client, refused, note="Хаттама № 7")
    filed = Request.objects.get(completion=refused, state=State.FILED)
    kept = filed.attachments.get()
    assert (kept.filename, kept.purpose) == ("хаттама.pdf", Attachment.Purpose.OTHER)
    assert kept.sha256 in filed.evidence.content
    assert "Хаттама № 7" in filed.evidence.content
    assert "Your request is filed." in page
    assert reverse("cases:own_attachment", args=[kept.pk]) in page
    staff = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    page = staff.get(reverse("cases:request", args=[filed.number])).content.decode()
    assert reverse("cases:attachment", args=[kept.pk]) in page
    assert "Хаттама № 7" in page


def test_a_file_that_is_no_scan_stops_the_request_with_one_error(refused: Completion) -> None:
    page = send(at_home(refused.person), refused, scans=upload(b"<svg/>", "a.svg"))
    assert not Request.objects.filter(completion=refused, state=State.FILED).exists()
    assert "There is a problem" in page


def test_a_scan_may_be_taken_back(refused: Completion) -> None:
    client = at_home(refused.person)
    send(client, refused, do="attach", scans=upload(pdf()))
    fields = {name: value for name, value in WISH.items() if name != "do"}
    shown = hidden(client.get(page_of(refused)))
    client.post(page_of(refused), {**shown, **fields, "drop": Attachment.objects.get().pk})
    assert not Attachment.objects.exists()
    assert not Request.objects.filter(completion=refused, state=State.FILED).exists()


def test_the_machine_leaves_it_to_a_person(world: World, refused: Completion) -> None:
    let_decide_alone(world.demo, world)
    Completion.objects.filter(pk=refused.pk).update(source_row=3)
    send(at_home(refused.person), refused)
    filed = Request.objects.get(completion=refused, state=State.FILED)
    assert why_not(filed, now=filed.accepted_at) == "refused_before"


@pytest.mark.parametrize(
    ("after", "left"),
    [
        ({"holder_kk": "Ә Б"}, "holder_ru"),
        ({"holder_ru": "А Б"}, "holder_kk"),
        ({"holder_kk": "Ә Б", "holder_ru": "А Б"}, ""),
        ({"given_name": "Б"}, ""),
    ],
)
def test_the_name_that_stays_while_the_other_changes_is_found(
    after: dict[str, str], left: str
) -> None:
    assert one_sided({"holder_kk": "А В", "holder_ru": "А В"}, after) == left
