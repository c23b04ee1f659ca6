"""The citizen of the simulated portal encloses scans and adds to a request, by pages alone."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from lxml import etree

from tests.cases.scans import pdf
from tests.gateway.conftest import BusKeys
from tests.gateway.portal_running import Running, running

WAIT = 20.0
SPACE = "urn:example:cert-service"
GIVEN = {"kind": "pd", "paper": "certificate", "language": "kk", "delivery": "electronic"}


@pytest.fixture
def portal(tmp_path: Path, bus_keys: BusKeys) -> Iterator[Running]:
    with running(tmp_path, bus_keys) as found:
        yield found


@pytest.fixture
def visitor(portal: Running) -> requests.Session:
    """Somebody who entered as the graduate."""
    found = requests.Session()
    found.post(f"{portal.url}/enter", data={"person": "graduate"}, timeout=WAIT)
    found.get(f"{portal.url}/?lang=ru", timeout=WAIT)
    return found


def scans(*contents: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [
        ("scans", (f"диплом {place}.pdf", content, "application/pdf"))
        for place, content in enumerate(contents)
    ]


def enclosed(document: str) -> list[tuple[str, bytes]]:
    """Names and contents of the files in what left the portal."""
    root = etree.fromstring(document.encode())
    return [
        (
            one.findtext(f"{{{SPACE}}}FileName"),
            base64.b64decode(one.findtext(f"{{{SPACE}}}Content")),
        )
        for one in root.iter(f"{{{SPACE}}}Attachment")
    ]


def test_scans_of_the_order_leave_with_the_request(
    portal: Running, visitor: requests.Session
) -> None:
    form = visitor.get(f"{portal.url}/services/DEMO?lang=ru", timeout=WAIT).text
    (field,) = etree.HTML(form).xpath("//form[@enctype='multipart/form-data']//input[@type='file']")
    assert field.get("name") == "scans"
    check = visitor.post(
        f"{portal.url}/services/DEMO/check",
        data={**GIVEN, "confirmation": "SMS"},
        files=scans(pdf(), b"two"),
        timeout=WAIT,
    ).text
    assert "диплом 0.pdf, диплом 1.pdf" in check
    draft = etree.HTML(check).xpath("//input[@name='draft']/@value")[0]
    number = visitor.post(
        f"{portal.url}/requests/send", data={"draft": draft}, timeout=WAIT
    ).url.rpartition("/")[2]
    portal.until(number, lambda row: row["acked_at"])
    sent = enclosed(portal.system.taken[0].data.text)
    assert sent == [("диплом 0.pdf", pdf()), ("диплом 1.pdf", b"two")]


def test_more_than_a_message_holds_is_told_and_the_form_stays(
    portal: Running, visitor: requests.Session
) -> None:
    check = f"{portal.url}/services/DEMO/check"
    told = {**GIVEN, "hours": "77", "confirmation": "SMS"}
    for sent in (scans(*[b"x"] * 6), scans(b"x" * 9_000_000)):
        page = visitor.post(check, data=told, files=sent, timeout=WAIT).text
        assert "Больше пяти файлов или больше 8 МБ" in page
        assert etree.HTML(page).xpath("//input[@name='hours']/@value") == ["77"]
        assert etree.HTML(page).xpath("//input[@id='confirmation-SMS']/@checked")


def test_a_citizen_adds_data_and_a_document_from_the_cabinet(
    portal: Running, visitor: requests.Session
) -> None:
    number = portal.file()
    cabinet = f"{portal.url}/cabinet/{number}"
    assert f'href="/cabinet/{number}/add"' in visitor.get(cabinet, timeout=WAIT).text
    page = visitor.get(f"{cabinet}/add", timeout=WAIT).text
    assert etree.HTML(page).xpath("//form//textarea[@name='comment']")
    nothing = visitor.post(f"{cabinet}/add", data={"comment": " "}, timeout=WAIT)
    assert 'role="alert"' in nothing.text
    added = visitor.post(
        f"{cabinet}/add", data={"comment": "Сменилась фамилия"}, files=scans(pdf()), timeout=WAIT
    )
    assert added.url == cabinet
    assert "Гражданин дополнил заявление" in added.text
    portal.until(number, lambda _row: len(portal.system.taken) == 2)
    update = portal.system.taken[1]
    assert update.info.message_type == "UPDATE"
    root = etree.fromstring(update.data.text.encode())
    assert root.findtext(f".//{{{SPACE}}}Action") == "ADD"
    assert root.findtext(f".//{{{SPACE}}}Comment") == "Сменилась фамилия"
    assert enclosed(update.data.text) == [("диплом 0.pdf", pdf())]


def test_a_service_that_knows_no_addition_offers_none(
    portal: Running, visitor: requests.Session
) -> None:
    number = portal.file("TURAN")
    cabinet = f"{portal.url}/cabinet/{number}"
    assert f"/cabinet/{number}/add" not in visitor.get(cabinet, timeout=WAIT).text
    assert visitor.get(f"{cabinet}/add", timeout=WAIT).url == cabinet
    other = requests.Session()
    other.post(f"{portal.url}/enter", data={"person": "stranger"}, timeout=WAIT)
    assert other.get(f"{cabinet}/add", timeout=WAIT).status_code == 404
