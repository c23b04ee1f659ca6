import json
import unicodedata
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kualik.rules.errors import RuleViolation
from kualik.rules.facts import (
    CertificateFacts,
    canonical_bytes,
    digest,
    from_record,
    to_record,
)
from kualik.rules.language import Text

FACTS = CertificateFacts(
    number="DEMO-2026-000123-K",
    code="7ZQ4M0XKT9B2CWVH",
    kind="pd",
    paper="certificate",
    form="A303-pd-certificate@1",
    edition="A303",
    edition_version=1,
    provider_name=Text("Үлгі университеті", "Примерный университет", "Sample University"),
    provider_bin="061211600012",
    city=Text("Астана", "Астана"),
    holder_kk="Қыдырәлиева-Сейітмағанбетова Мөлдір Жеңісбекқызы",
    holder_ru="Кыдыралиева-Сейтмаганбетова Молдир Женисбековна",
    programme=Text("Шұғыл кардиология", "Неотложная кардиология"),
    specialty=None,
    hours=120,
    credits="4",
    started_on=date(2026, 10, 26),
    ended_on=date(2026, 11, 20),
    issued_on=date(2026, 11, 23),
    signer_name="Ахметов Ерлан Серікұлы",
    signer_position=Text("Ректор", "Ректор"),
)
GOLDEN = "0444948195673ab384b530d844852e1b7fa890b045b003464e102f051ad734f6"

lines = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\ufffd0123456789"),
    min_size=1,
    max_size=60,
)
texts = st.builds(Text, kk=lines, ru=lines, en=st.just("") | lines)


def fault(**change):
    with pytest.raises(RuleViolation) as caught:
        replace(FACTS, **change)
    assert caught.value.code == "facts_invalid"
    return caught.value.params["field"], caught.value.params["reason"]


def test_the_canonical_bytes_of_known_facts_never_change():
    assert digest(FACTS) == GOLDEN
    assert canonical_bytes(FACTS).startswith(
        '{"city":{"en":"","kk":"Астана","ru":"Астана"},"code":"7ZQ4M0XKT9B2CWVH",'.encode()
    )


def test_the_bytes_are_json_with_sorted_keys_and_no_spaces():
    record = json.loads(canonical_bytes(FACTS))
    assert list(record) == sorted(field.name for field in fields(CertificateFacts))
    assert record["ended_on"] == "2026-11-20"
    assert record["specialty"] is None
    assert record["programme"] == {
        "kk": "Шұғыл кардиология",
        "ru": "Неотложная кардиология",
        "en": "",
    }
    assert b": " not in canonical_bytes(FACTS)


def test_the_record_survives_a_round_trip_through_json():
    facts = replace(FACTS, specialty=Text("Кардиология", "Кардиология"), credits="1.5")
    assert from_record(json.loads(json.dumps(to_record(facts)))) == facts


@given(lines, texts, texts, st.none() | texts, st.integers(1, 9999), st.dates(), st.dates())
def test_any_lawful_facts_survive_a_round_trip_with_the_same_bytes(
    name, programme, city, specialty, hours, one, other
):
    facts = replace(
        FACTS,
        holder_kk=name,
        programme=programme,
        city=city,
        specialty=specialty,
        hours=hours,
        started_on=min(one, other),
        ended_on=max(one, other),
        issued_on=max(one, other),
    )
    again = from_record(json.loads(canonical_bytes(facts)))
    assert again == facts
    assert canonical_bytes(again) == canonical_bytes(facts)


def test_the_same_name_composed_and_decomposed_gives_the_same_bytes():
    name = "Майлыбай Ёлкин"
    loose = unicodedata.normalize("NFD", name)
    assert loose != name
    assert digest(replace(FACTS, holder_kk=loose)) == digest(replace(FACTS, holder_kk=name))
    decomposed = Text(loose, loose)
    assert replace(FACTS, programme=decomposed).programme == Text(name, name)


def test_any_changed_fact_changes_the_digest():
    changes = {
        "number": "DEMO-2026-000124-7",
        "hours": 60,
        "paper": "reference",
        "holder_ru": "Иванова Ольга Петровна",
        "issued_on": date(2026, 11, 24),
        "specialty": Text("Кардиология", "Кардиология"),
    }
    digests = {digest(replace(FACTS, **{name: value})) for name, value in changes.items()}
    assert len(digests | {digest(FACTS)}) == len(changes) + 1


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("holder_kk", "  ", "holder_kk"),
        ("number", "", "number"),
        ("city", Text("", "Астана"), "city.kk"),
        ("programme", Text("Кардиология", " "), "programme.ru"),
        ("programme", Text("Кардиология", "Кардиология", " "), "programme.en"),
        ("specialty", Text("", ""), "specialty.kk"),
    ],
)
def test_an_empty_fact_is_named(field, value, named):
    assert fault(**{field: value}) == (named, "empty")


@pytest.mark.parametrize(
    "sign",
    ["\n", "\t", "\x00", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800"],
    ids=ascii,
)
def test_control_and_direction_characters_are_refused(sign):
    assert fault(holder_ru=f"Иванова{sign} Ольга") == ("holder_ru", "character")
    assert fault(programme=Text("А", f"Б{sign}"))[0] == "programme.ru"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("kind", "xx", "unknown"),
        ("paper", "diploma", "unknown"),
        ("code", "7ZQ4-M0XK-T9B2-CWVH", "shape"),
        ("code", "7zq4m0xkt9b2cwvh", "shape"),
        ("credits", "4.0", "shape"),
        ("credits", "04", "shape"),
        ("credits", "0", "shape"),
        ("credits", "4e1", "shape"),
        ("credits", "-4", "shape"),
        ("hours", 0, "shape"),
        ("hours", True, "type"),
        ("hours", "120", "type"),
        ("edition_version", 0, "shape"),
        ("provider_bin", "12345", "shape"),
        ("started_on", "2026-10-26", "type"),
        ("started_on", datetime(2026, 10, 26, tzinfo=UTC), "type"),
        ("holder_ru", "Иван\ufffdва Ольга", "character"),
        ("city", "Астана", "type"),
        ("number", None, "type"),
    ],
)
def test_a_fact_of_the_wrong_shape_is_named(field, value, reason):
    assert fault(**{field: value}) == (field, reason)


def test_dates_in_the_wrong_order_are_refused():
    """A303.3.1: nothing is given before full mastery."""
    assert fault(started_on=date(2026, 11, 21)) == ("ended_on", "order")
    assert fault(issued_on=date(2026, 11, 19)) == ("issued_on", "order")


def test_an_iin_cannot_get_into_the_facts():
    assert fault(holder_ru="Петров Сергей 750216473656") == ("holder_ru", "iin")
    assert fault(number="750216473656") == ("number", "iin")
    assert replace(FACTS, number="750216473657").number == "750216473657"


def test_facts_cannot_be_changed_once_made():
    with pytest.raises(FrozenInstanceError):
        FACTS.hours = 60


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"extra": 1}, "extra"),
        ({"ended_on": "20.11.2026"}, "ended_on"),
        ({"ended_on": "20261120"}, "ended_on"),
        ({"ended_on": None}, "ended_on"),
        ({"city": "Астана"}, "city"),
        ({"city": {"kk": "Астана", "ru": 1}}, "city"),
        ({"city": {"kk": "Астана", "ru": "Астана", "de": "Astana"}}, "city"),
        ({"hours": 120.0}, "hours"),
    ],
)
def test_a_spoiled_record_names_the_field(change, named):
    with pytest.raises(RuleViolation) as caught:
        from_record(to_record(FACTS) | change)
    assert (caught.value.code, caught.value.params["field"]) == ("facts_invalid", named)


def test_a_record_without_a_field_names_it():
    record = to_record(FACTS)
    del record["credits"]
    with pytest.raises(RuleViolation) as caught:
        from_record(record)
    assert caught.value.params["field"] == "credits"
