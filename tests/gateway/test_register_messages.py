"""The words of other systems' services: what we write is theirs to the letter, what they write is
read however it is spelled."""

import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey
from lxml import etree

from kualik.gateway.adapters import eds, gbdfl, kdp
from kualik.gateway.adapters.document_messages import read_look
from kualik.gateway.adapters.inner import Unreadable, check, element
from kualik.gateway.queries.registers import load_registers
from tests.gateway.conftest import BusKeys
from tests.gateway.state_registers import SAMPLES

NOW = datetime(2026, 3, 2, 4, 15, 4, 719000, UTC)
WHO = eds.Credentials(sender_id="edu_org", password="secret")


def inner_of(sample: str, name: str) -> etree._Element:
    return next(etree.parse(SAMPLES / sample).getroot().iter(f"{{*}}{name}"))


def fields(root: etree._Element) -> list[tuple[str, str]]:
    return [(str(one.tag), one.text or "") for one in root]


def question(ovt: str = "") -> kdp.Question:
    return kdp.Question(
        iin="900101300017",
        company="Пример университет",
        company_bin="000000000000",
        responsible="Ответственный орган",
        employee="Оператор О.О.",
        access_name="GBDFLUniversal_token",
        data_name="ФИО, дата рождения, документ",
        lasts=timedelta(minutes=10),
        ovt=ovt,
    )


def test_the_question_for_consent_is_that_of_the_sample() -> None:
    made = element(kdp.question_xml(question()))
    assert fields(made) == fields(inner_of("12-sync-kdp-request.xml", "data"))
    assert made.tag == f"{{{kdp.NAMESPACE}}}getUserDataRequest"


def test_a_consent_taken_otherwise_carries_its_proof_and_no_sms_is_sent() -> None:
    told = dict(fields(element(kdp.question_xml(question(ovt="a.b.c")))))
    assert (told["omit-sms"], told["ovt"]) == ("true", "a.b.c")


def test_the_proof_of_a_checked_identity_is_a_jwt_rs256(bus_keys: BusKeys) -> None:
    made = kdp.ovt(
        bin="000000000000", check="Ds", key=bus_keys.ours, now=NOW, lasts=timedelta(minutes=10)
    )
    public = RSAKey.import_key(_pem(bus_keys.ours.certificate_der))
    read = jwt.decode(made, public, algorithms=["RS256"])
    at = int(NOW.timestamp())
    assert read.header["alg"] == "RS256"
    assert read.claims == {"cbin": "000000000000", "mcheck": "Ds", "iat": at, "exp": at + 600}
    foreign = RSAKey.import_key(_pem(bus_keys.foreign.certificate_der))
    with pytest.raises(BadSignatureError):
        jwt.decode(made, foreign, algorithms=["RS256"])


def _pem(certificate: bytes) -> bytes:
    body = base64.encodebytes(certificate)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def test_a_check_that_kdp_does_not_know_is_none(bus_keys: BusKeys) -> None:
    with pytest.raises(ValueError, match="Eyes"):
        kdp.ovt(bin="1", check="Eyes", key=bus_keys.ours, now=NOW, lasts=timedelta(minutes=1))


def test_white_space_inside_a_token_is_dropped() -> None:
    text = (
        "<data><status> valid </status><code>KDP.\n TOKEN</code><public-key>M I</public-key></data>"
    )
    assert kdp.read_answer(text) == kdp.Said(word="VALID", code="KDP.TOKEN", key="MI")


@pytest.mark.parametrize(
    "text",
    ["", "<data/>", "no xml", '<!DOCTYPE a [<!ENTITY b "c">]><data><status>&b;</status></data>'],
)
def test_an_answer_of_kdp_without_a_status_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        kdp.read_answer(text)


def test_the_question_about_a_person_is_that_of_the_sample() -> None:
    asked = gbdfl.Question(
        message_id="987916b1-d192-48ad-9487-965ab70483a4",
        asked_at=datetime.fromisoformat("2026-03-02T09:15:04.719+05:00"),
        sender_code="EDUORG",
        iin="900101300017",
        token="KDP.TOKEN.EXAMPLE",
        key="MIIBIjANBgkqEXAMPLE",
    )
    made = element(gbdfl.question_xml(asked))
    assert fields(made) == fields(inner_of("10-sync-gbdfl-request.xml", "data"))


def test_the_answer_about_a_person_is_read() -> None:
    sample = inner_of("11-sync-gbdfl-response.xml", "data")
    said = gbdfl.read_answer(etree.tostring(sample, encoding="unicode"))
    assert said.code == "00000"
    [person] = said.persons
    assert (person.family_name, person.given_name, person.patronymic) == (
        "ТЕСТОВ",
        "ТЕСТ",
        "ТЕСТОВИЧ",
    )
    assert (person.life_status, person.has_died) == ("0", False)
    assert person.papers == (gbdfl.Paper(kind="002", status="00", ends_on=date(2030, 1, 1)),)


def test_an_upload_is_that_of_the_sample_but_for_its_name() -> None:
    file = eds.File(
        process_id="cert-ПК-000001",
        content=base64.b64decode("JVBERi0xLjcKJUVPRgo="),
        name="certificate.pdf",
        mime="application/pdf",
        lasts=timedelta(hours=8),
    )
    made = etree.tostring(element(eds.upload_xml(file, WHO)), method="c14n2", strip_text=True)
    sample = etree.parse(SAMPLES / "14-eds-upload-data.xml")
    assert made == etree.tostring(sample, method="c14n2", strip_text=True)


def test_the_answer_to_an_upload_names_the_file() -> None:
    [said] = eds.read_answer((SAMPLES / "15-eds-upload-result.xml").read_text("utf-8"))
    assert (said.code, said.file_id) == ("0", "00000000-0000-7071-6571-dc6e265c080b")


@pytest.mark.parametrize(
    "told", ["[]", "{", '{"documents": []}', '{"documents": [{"valid": true}]}']
)
def test_a_document_without_its_fields_is_unreadable(told: str) -> None:
    with pytest.raises(Unreadable):
        read_look(
            f"<documentResponse><status>ALLOWED</status><document>{told}</document></documentResponse>"
        )


def test_values_of_a_file_stand_in_place_of_the_usual_ones(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[persons]\nsender_code = "EDUORG"\n[consent]\nwords = { YES = "given" }\n')
    known = load_registers(file)
    assert known.persons.sender_code == "EDUORG"
    assert known.consent.words == {"YES": "given"}
    assert known.persons.service_id == "GBDFLUniversal_token"
    assert "persons.sender_code" not in known.unset
    assert "supplier.service_id" in known.unset


@pytest.mark.parametrize("text", ["[unknown]\na = 1", "[persons]\nno_such = 1", "no toml", None])
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "own.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ImproperlyConfigured, match="KUALIK_REGISTERS"):
        load_registers(file)


def test_what_breaks_a_schema_is_named_without_its_value() -> None:
    root = etree.fromstring(
        f'<tempStorageRequest xmlns="{eds.NAMESPACE}"><type>900101300017</type>'
        "</tempStorageRequest>"
    )
    with pytest.raises(ValueError, match="eds-temp-storage.xsd: .*SCHEMAV") as found:
        check(root, "eds-temp-storage.xsd")
    assert "900101300017" not in str(found.value)
