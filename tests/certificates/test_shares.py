"""Links by which a holder shows own documents: made, opened, ended, never guessed."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from kualik.accounts.models import Person
from kualik.accounts.queries import looks_of
from kualik.accounts.services import applicant, withdraw_consent
from kualik.certificates.models import Certificate, Share
from kualik.certificates.services.sharing import (
    MOST_LIVE,
    Wish,
    end_share,
    offer_share,
    share_address,
)
from kualik.certificates.services.standing import revoke_certificate
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.core.models import JournalEntry
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from tests.certificates.owners import (
    NOT_THEIRS,
    Owner,
    answers,
    body,
    iins,
    others,
    owner,
    status,
)
from tests.entering import consent, open_cabinet

PAGE = "/cabinet/share/"
KEY = "k" * 32
CHOSEN = {"days": "7", "scope": "this", "may": "look", "label": "Аурухана", "key": KEY}


@pytest.fixture
def holder(db: None) -> Owner:
    return owner()


def offered(holder: Owner, *, key: str = KEY, everything: bool = False, **changed: object) -> str:
    """The secret of a link of the holder, who agreed to the processing of personal data."""
    consent(holder.person)
    values = {"certificate": holder.document, "days": 7, "with_files": False, "label": ""}
    wish = Wish(**{**values, **({"certificate": None} if everything else {}), **changed})
    who = holder.person
    return offer_share(person=who, wish=wish, key=key, actor=applicant(who), now=clock.now())


def where(token: str, number: str = "") -> str:
    return f"/s/{token}/{number}.pdf" if number else f"/s/{token}/"


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def make(client: Client, address: str, **changed: str) -> str:
    """Fill in the form on a page; the page that follows."""
    fields = fields_of(client.get(address).content.decode())
    answer = client.post(address, {**CHOSEN, "key": fields["key"], **changed})
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


def shown_in(page: str) -> str:
    """The path of the link that the page shows."""
    found = re.search(r'id="address"[^>]* value="([^"]+)"', page)
    assert found
    return re.sub(r"^https?://[^/]+", "", unescape(found[1]))


def test_the_secret_is_shown_once_with_its_code_and_kept_as_a_hash(holder: Owner) -> None:
    client, address = holder.client(), f"/cabinet/documents/{holder.document.number}/share/"
    page = make(client, address)
    link = shown_in(page)
    assert 'class="k-qr"' in page
    assert Client().get(link).status_code == 200
    assert link not in client.get(address).content.decode()
    assert link not in client.get(PAGE).content.decode()
    token = link.split("/")[2]
    [share] = Share.objects.all()
    assert len(token) == 43
    assert token not in str(vars(share))
    assert token not in str(list(JournalEntry.objects.values_list("data", flat=True)))


def test_a_link_for_one_document_shows_no_other(holder: Owner) -> None:
    Certificate.objects.filter(pk=holder.foreign.pk).update(person=holder.person)
    one, everything = offered(holder), offered(holder, key="e" * 32, everything=True)
    both = [holder.document.number, holder.foreign.number]
    assert [number in Client().get(where(one)).content.decode() for number in both] == [True, False]
    assert [number in Client().get(where(everything)).content.decode() for number in both] == [
        True, True
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_names_documents_with_state_and_check_and_no_iin(
    holder: Owner, language: str
) -> None:
    answer = Client().get(where(offered(holder)), {"lang": language})
    page = answer.content.decode()
    assert holder.document.number in page
    assert f'href="/c/{holder.document.code}"' in page
    assert {"kk": "Жарамды", "ru": "Действителен", "en": "Valid"}[language] in page
    assert [number for number in iins(holder) if number in page] == []
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"


def test_whoever_has_the_link_opens_it(holder: Owner) -> None:
    token = offered(holder)
    visitors = {"owner": holder.client(), **others(holder)}
    assert set(answers(visitors, where(token)).values()) == {200}


def test_the_state_is_that_of_the_moment(holder: Owner) -> None:
    token = offered(holder)
    reason = Text("Қате берілген", "Выдан по ошибке")
    revoke_certificate(certificate=holder.document, reason=reason, actor=SYSTEM, now=clock.now())
    assert "Күші жойылған" in Client().get(where(token)).content.decode()


def test_files_are_given_out_only_where_the_holder_allowed_it(holder: Owner) -> None:
    number = holder.document.number
    look = offered(holder)
    take = offered(holder, key="t" * 32, with_files=True)
    assert status(Client().get(where(look, number))) == 404
    answer = Client().get(where(take, number))
    assert body(answer)[:5] == b"%PDF-"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert status(Client().get(where(take, holder.foreign.number))) == 404
    assert where(take, number) in Client().get(where(take)).content.decode()
    assert ".pdf" not in Client().get(where(look)).content.decode()


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_a_link_ends_on_time(holder: Owner, days: int) -> None:
    token, begun = offered(holder, days=days), clock.now()
    end = begun + timedelta(days=days)
    with time_machine.travel(end - timedelta(minutes=1), tick=False):
        assert Client().get(where(token)).status_code == 200
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        assert Client().get(where(token)).status_code == 404


def test_every_link_that_does_not_work_answers_alike(holder: Owner) -> None:
    token = offered(holder, days=1)
    ended = offered(holder, key="e" * 32)
    end_share(share=Share.objects.latest("pk"), actor=applicant(holder.person), now=clock.now())
    withdrawn = offered(holder, key="w" * 32, days=90)
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        over = [Client().get(where(one)) for one in (token, ended, "A" * 43, "x", token + "A")]
        withdraw_consent(person=holder.person, actor=applicant(holder.person), now=clock.now())
        over.append(Client().get(where(withdrawn)))
    assert {answer.status_code for answer in over} == {404}
    # The link to the version for low vision names the page to come back to.
    assert len({re.sub(r"next=[^\"]+", "", answer.content.decode()) for answer in over}) == 1
    assert all(answer["Referrer-Policy"] == "no-referrer" for answer in over)


def test_guessing_is_limited_by_address_and_opening_is_not(holder: Owner) -> None:
    token = offered(holder)
    for _ in range(25):
        assert Client().get(where(token)).status_code == 200
    codes = [Client().get(where(f"{place:043d}")).status_code for place in range(21)]
    assert codes == [404] * 20 + [429]
    assert Client().get(where(token)).status_code == 429
    assert Client(REMOTE_ADDR="10.0.0.9").get(where(token)).status_code == 200


def test_the_owner_sees_who_looked_and_how_often(holder: Owner) -> None:
    token = offered(holder, with_files=True, label="Аурухана")
    for _ in range(3):
        Client().get(where(token))
    body(Client().get(where(token, holder.document.number)))
    looks = looks_of(holder.person)
    assert [(one.what.en, one.organisation.en, one.about) for one in looks] == [
        ("File of a document", "A visitor by a link that you gave", holder.document.number),
        ("Documents by a link", "A visitor by a link that you gave", holder.document.number),
    ]
    page = holder.client().get(PAGE, {"lang": "en"}).content.decode()
    assert "Opened, times: 3" in page
    assert "Аурухана" in page


def test_the_owner_ends_a_link_and_nobody_else_does(holder: Owner) -> None:
    token = offered(holder)
    [share] = Share.objects.all()
    address = f"{PAGE}{share.pk}/end/"
    answered = {who: client.post(address).status_code for who, client in others(holder).items()}
    assert answered == NOT_THEIRS
    assert Client().get(where(token)).status_code == 200
    client = holder.client()
    assert client.get(address)["Location"] == PAGE
    for _ in range(2):
        assert client.post(address)["Location"] == PAGE
    assert Client().get(where(token)).status_code == 404
    acts = JournalEntry.objects.filter(action__startswith="certificates.share_")
    assert [row.action for row in acts.order_by("sequence")] == [
        "certificates.share_offered", "certificates.share_ended"
    ]  # fmt: skip
    assert {row.subject for row in acts} == {f"person:{holder.person.pk}"}


def test_links_are_listed_to_their_owner_alone(holder: Owner) -> None:
    offered(holder, label="Аурухана")
    assert "Аурухана" in holder.client().get(PAGE).content.decode()
    stranger = open_cabinet(Client(), holder.stranger)
    assert "Аурухана" not in stranger.get(PAGE).content.decode()
    assert answers(others(holder), PAGE) == {**NOT_THEIRS, "stranger": 200}


def test_a_form_sent_twice_makes_one_link(holder: Owner) -> None:
    client, address = holder.client(), f"/cabinet/documents/{holder.document.number}/share/"
    links = []
    for _ in range(2):
        assert client.post(address, CHOSEN).status_code == 302
        links.append(shown_in(client.get(address).content.decode()))
    assert len(set(links)) == 1
    assert Share.objects.count() == 1


def test_the_same_key_of_another_person_makes_another_link(holder: Owner) -> None:
    first = offered(holder)
    wish = Wish(certificate=holder.foreign, days=7, with_files=False, label="")
    stranger: Person = holder.stranger
    second = offer_share(
        person=stranger, wish=wish, key=KEY, actor=applicant(stranger), now=clock.now()
    )
    assert first != second
    assert share_address(first).endswith(where(first))


@pytest.mark.parametrize(
    "changed",
    [
        {"days": "365"},
        {"days": ""},
        {"scope": "everybody"},
        {"may": "write"},
        {"label": "ә" * 101},
        {"label": "ИИН 850315301012"},
        {"key": "short"},
    ],
)
def test_changed_fields_make_no_link(holder: Owner, changed: dict[str, str]) -> None:
    address = f"/cabinet/documents/{holder.document.number}/share/"
    answer = holder.client().post(address, CHOSEN | changed)
    assert answer.status_code == 200
    assert "govuk-error-summary" in answer.content.decode()
    assert not Share.objects.exists()


def test_a_link_for_somebody_elses_document_is_not_made(holder: Owner) -> None:
    address = f"/cabinet/documents/{holder.foreign.number}/share/"
    assert holder.client().post(address, CHOSEN).status_code == 404
    assert not Share.objects.exists()


def test_a_name_of_a_link_is_text_and_nothing_else(holder: Owner) -> None:
    page = make(holder.client(), PAGE, label='<b>"x"</b>')
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_a_person_has_so_many_working_links_at_most(holder: Owner) -> None:
    for place in range(MOST_LIVE):
        offered(holder, key=f"{place:032d}")
    with pytest.raises(RuleViolation) as violation:
        offered(holder)
    assert violation.value.code == "too_many_shares"
    with time_machine.travel(clock.now() + timedelta(days=8), tick=False):
        assert offered(holder)


def test_a_term_that_is_not_offered_is_refused_by_the_service_too(holder: Owner) -> None:
    with pytest.raises(RuleViolation) as violation:
        offered(holder, days=3650)
    assert violation.value.code == "share_term_unknown"
