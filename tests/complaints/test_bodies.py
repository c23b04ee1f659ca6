"""Where a refusal may be appealed: the bodies of the program and of an installation."""

from pathlib import Path

from pytest_django import Settings

from kualik.complaints.queries import appeal_addresses
from kualik.complaints.queries.bodies import DATA


def test_a_body_without_an_address_is_named_by_its_name_alone() -> None:
    (body,) = appeal_addresses()["higher_body"]
    assert body.ru == "Министерство здравоохранения Республики Казахстан"


def test_the_address_of_an_installations_own_list_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    own = tmp_path / "bodies.toml"
    text = (DATA / "bodies.toml").read_text(encoding="utf-8")
    told = 'address = { kk = "Қала, 1", ru = "Город, 1", en = "Town, 1" }\n'
    own.write_text(text.replace('term = "higher_body"\n', f'term = "higher_body"\n{told}'), "utf-8")
    settings.COMPLAINT_BODIES = str(own)
    (body,) = appeal_addresses()["higher_body"]
    assert body.kk.endswith(", Қала, 1")
    assert body.ru.endswith(", Город, 1")
