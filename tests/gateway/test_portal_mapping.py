"""Inner documents by rows: read tolerantly, written exactly, and what is wrong with a row."""

import html
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kualik.gateway.services.mapping import Paper, Reply, echo_of, read, write, write_form
from kualik.gateway.services.profiles import (
    Rows,
    families,
    faults,
    not_agreed,
    rows_of,
    status_words,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests/fixtures/gateway/samples"
SCHEMA = ROOT / "src/kualik/gateway/data/schema/pep-document-service.xsd"
NAMESPACE = {"namespace": "urn:example:cert-service"}
AT = datetime(2026, 3, 2, 4, 16, tzinfo=UTC)
FORM = {
    "number": "101000000000001",
    "chain": "101000000000001",
    "iin": "900101300017",
    "family_name": "ТЕСТОВ",
    "given_name": "ТЕСТ",
    "kind": "cc",
    "programme": "Кардиология",
    "started_on": "2026-01-12",
    "ended_on": "2026-02-27",
    "hours": "120",
    "paper": "reference",
    "language": "ru",
    "delivery": "both",
}


def inner(name: str) -> str:
    """The document that a sample message holds as text."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    found = re.search(r'xs:string">(.*?)</data>', text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def universal(**mapping: str) -> Rows:
    return rows_of("universal", NAMESPACE | mapping)


def reply(status: str, **more: object) -> Reply:
    echo = {"number": "101000000000001", "chain": "101000000000001"}
    return Reply(status=status, at=AT, echo=echo, language="ru", **more)


def names(xml: str) -> list[str]:
    return [element.tag for element in etree.fromstring(xml).iter()]


def test_the_sample_of_a_request_is_read() -> None:
    form = read(universal(), inner("01-async-request-portal-to-us.xml").partition("?>")[2])
    assert (form.number, form.chain) == ("101000000000001", "101000000000001")
    assert form.full_name == "ТЕСТОВ ТЕСТ ТЕСТОВИЧ"
    assert (form.iin, form.phone) == ("900101300017", "77010000001")
    assert (form.kind, form.started_on, form.paper, form.files) == ("", None, "certificate", ())


def test_a_status_is_written_as_in_the_sample() -> None:
    sample = etree.fromstring(inner("03-async-notification-status.xml").encode())
    ours = ("our_number", "accepted_at", "due_at", "status_ru", "status_kk")
    told = universal(**{f"out.{name}": "" for name in ours})
    assert names(write(told, reply("filed"))) == [element.tag for element in sample.iter()]


def test_a_result_is_written_as_in_the_sample() -> None:
    sample = etree.fromstring(inner("04-async-response-final.xml").encode())
    unseen = ("out.status_text", "out.status_ru", "out.status_kk", "doc.mime", "doc.signature")
    told = universal(**dict.fromkeys(unseen, ""))
    paper = Paper(kind="CERT", name="a.pdf", number="1", day=date(2026, 3, 3), file_id="0")
    made = write(told, reply("issued", papers=[paper]))
    assert names(made) == [element.tag for element in sample.iter()]
    assert "<ns:CurrentStatus>010<" in made


@given(st.text(max_size=40))
def test_a_reason_with_any_letters_is_written(pasted: str) -> None:
    """A character that no XML may hold stops no answer."""
    told = write(universal(), reply("refused", reasons=Text(f"a{pasted}", f"a{pasted}")))
    assert etree.fromstring(told) is not None


def test_the_document_service_keeps_its_schema() -> None:
    rows = rows_of("document", {"namespace": "urn:example:pep-service"})
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    question = write_form(rows, FORM | {"system": "PEP"})
    echo = echo_of(rows, question)
    answer = write(rows, Reply(status="refused", at=AT, echo=echo, code="unreliable"))
    assert echo["iin"] == FORM["iin"]
    schema.assertValid(etree.fromstring(answer))


@pytest.mark.parametrize("family", ["universal", "document", "operations"])
def test_what_is_written_is_read_again(family: str) -> None:
    rows = rows_of(family, NAMESPACE)
    form = read(rows, write_form(rows, FORM))
    assert form.started_on == date(2026, 1, 12)
    assert (form.hours, form.kind, form.paper) == (120, "cc", "reference")
    assert (form.language, form.delivery, form.programme) == ("ru", "both", "Кардиология")


def test_prefixes_order_comments_and_strange_namespaces_do_not_matter() -> None:
    xml = """<a:requestMessage xmlns:a="urn:x" xmlns="urn:y"><!-- порталдан -->
      <RequestData><Phone> 7701 </Phone><b:PersonalData xmlns:b="urn:z">
      <Surname>Т</Surname><IIN> 900101300017 </IIN></b:PersonalData></RequestData>
      <SystemInfo><a:RequestNumber>1</a:RequestNumber></SystemInfo></a:requestMessage>"""
    form = read(universal(), xml)
    assert (form.number, form.iin, form.phone) == ("1", "900101300017", "7701")


@pytest.mark.parametrize(
    "day", ["2026-03-02", "2026-03-02+05:00", "2026-03-02T00:00:00", "02.03.2026"]
)
def test_days_are_read_as_portals_write_them(day: str) -> None:
    rows = universal()
    assert read(rows, write_form(rows, FORM | {"started_on": day})).started_on == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iin": "900101300018"}, "iin_check_digit"),
        ({"iin": ""}, "gateway_field_missing"),
        ({"number": ""}, "gateway_field_missing"),
        ({"number": "1" * 61}, "gateway_field_long"),
        ({"started_on": "2026-13-01"}, "gateway_field_wrong"),
        ({"hours": "-5"}, "gateway_field_wrong"),
        ({"kind": "pd2"}, "gateway_field_wrong"),
        ({"language": "de"}, "gateway_field_wrong"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(change: dict[str, str], code: str) -> None:
    rows = universal()
    with pytest.raises(RuleViolation) as refused:
        read(rows, write_form(rows, FORM | change))
    assert refused.value.code == code
    assert not any(str(value) in str(refused.value.params) for value in change.values() if value)


def test_an_attribute_may_be_a_place() -> None:
    rows = universal(**{"form.phone": "RequestData/Phone/@number", "out.code": "SystemInfo/@code"})
    xml = write_form(rows, FORM | {"phone": "77010000001"})
    assert '<ns:Phone number="77010000001"/>' in xml
    assert read(rows, xml).phone == "77010000001"
    assert 'code="x"' in write(rows, reply("not_filed", code="x", reasons=Text("а", "б")))


def test_a_signature_inside_is_no_part_of_the_form() -> None:
    rows = universal(**{"form.comment": "Signature/KeyInfo"})
    signature = (
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><KeyInfo>a</KeyInfo></Signature>'
    )
    xml = write_form(rows, FORM).replace("</requestMessage>", f"{signature}</requestMessage>")
    assert read(rows, xml).comment == ""


def test_every_family_has_a_code_and_words_for_every_step() -> None:
    for family in families():
        rows = rows_of(family, NAMESPACE)
        assert all(rows[f"status.{step}"] for step in status_words())


@pytest.mark.parametrize("family", ["universal", "document", "operations"])
def test_a_fresh_profile_lacks_its_namespace_and_nothing_else(family: str) -> None:
    assert {name: fault.code for name, fault in faults(family, {}).items()} == {
        "namespace": "gateway_row_missing"
    }
    assert faults(family, NAMESPACE) == {}
    left = {row.name for row in not_agreed(family, {})}
    assert "namespace" in left
    assert "form.kind" in left
    agreed = {row.name: row.value or "urn:a:b" for row in not_agreed(family, {})}
    assert not_agreed(family, agreed) == []


@pytest.mark.parametrize(
    ("row", "value", "code"),
    [
        ("namespace", "no address", "gateway_row_namespace"),
        ("qualified", "some", "gateway_row_choice"),
        ("root.request", "a b", "gateway_row_name"),
        ("form.iin", "", "gateway_row_missing"),
        ("form.iin", "a//b", "gateway_row_path"),
        ("form.iin", "/a", "gateway_row_path"),
        ("form.iin", "a[1]", "gateway_row_path"),
        ("form.iin", "@a/b", "gateway_row_path"),
        ("out.files", "a|b", "gateway_row_path"),
        ("status.filed", "<1>", "gateway_row_code"),
        ("kind.cc", "pd", "gateway_row_same"),
        ("out.status_text", "ResponseData/CurrentStatus", "gateway_row_within"),
        ("out.status_text", "ResponseData/CurrentStatus/Text", "gateway_row_within"),
        ("form.phone", "a" * 201, "gateway_row_long"),
        ("form.planet", "a", "gateway_row_unknown"),
    ],
)
def test_a_wrong_row_is_named(row: str, value: str, code: str) -> None:
    found = faults("universal", NAMESPACE | {row: value})
    assert code in {fault.code for fault in found.values()}


@given(st.text(max_size=300) | st.sampled_from(["<a>", "<!DOCTYPE a><a/>", "<a/>" * 3]))
def test_no_text_breaks_the_reader(text: str) -> None:
    rows = universal()
    assert isinstance(echo_of(rows, text), dict)
    with pytest.raises(RuleViolation, match="gateway_"):
        read(rows, text)
