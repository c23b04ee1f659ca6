"""The data files of the papers."""

from datetime import date

import pytest

from kualik.papers.queries import (
    DATA,
    FormError,
    footer_on,
    footers,
    form_for,
    forms,
    read_footers,
    read_form,
)
from kualik.rules.errors import RuleViolation

ORIGINAL = DATA / "forms" / "A303-pd-certificate@1.toml"


def altered(tmp_path, old, new, name=ORIGINAL.name):
    text = ORIGINAL.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / name
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_there_is_a_form_for_each_result_of_both_acts():
    assert set(forms()) == {
        "A57-pd-certificate@1",
        "A57-rt-certificate@1",
        "A303-pd-certificate@1",
        "A303-cc-certificate@1",
        "A303-pd-reference@1",
        "A303-cc-reference@1",
    }


@pytest.mark.parametrize(
    ("key", "kk", "ru"),
    [
        ("A57-pd-certificate@1", "2-қосымша", "Приложение 2"),
        ("A57-rt-certificate@1", "3-қосымша", "Приложение 3"),
        ("A303-pd-certificate@1", "3-қосымша", "Приложение 3"),
        ("A303-cc-certificate@1", "4-қосымша", "Приложение 4"),
    ],
)
def test_the_appendix_is_the_one_the_act_names(key, kk, ru):
    assert forms()[key].appendix.kk.endswith(kk)
    assert forms()[key].appendix.ru.startswith(ru)


def test_no_layout_was_compared_with_the_official_form_yet():
    assert all(form.check_against_official for form in forms().values())


def test_the_newest_form_of_an_edition_is_found():
    assert form_for(edition="A303", kind="cc", paper="reference").key == "A303-cc-reference@1"


@pytest.mark.parametrize(
    ("edition", "kind", "paper"),
    [("A303", "rt", "certificate"), ("A57", "pd", "reference"), ("A57", "cc", "certificate")],
)
def test_a_result_the_edition_does_not_have_is_a_named_error(edition, kind, paper):
    with pytest.raises(RuleViolation, match="form_unknown"):
        form_for(edition=edition, kind=kind, paper=paper)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('ru = "СВИДЕТЕЛЬСТВО"', "", "title.ru"),
        ('kk = "Көлемі"', 'kk = " "', "labels.volume.kk"),
        ("[lead]", "[led]", "lead"),
        ("{credits} кредит", "{iin}", "volume.kk"),
        ('kind = "pd"', 'kind = "xx"', "kind"),
        ('paper = "certificate"', 'paper = "diploma"', "paper"),
        ("version = 1", "version = 2", "id"),
        ('clause = "A303.5.1"', 'clause = "A57.5.1"', "clause"),
        ("check_against_official = true", "", "check_against_official"),
        ("version = 1", "version = ", "file"),
    ],
)
def test_a_faulty_form_names_file_and_key(tmp_path, old, new, key):
    file = altered(tmp_path, old, new)
    with pytest.raises(FormError) as caught:
        read_form(file)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{file.name}: {key}: ")


def test_every_day_has_one_footer_and_the_unseen_wording_is_marked():
    assert footer_on(date(2020, 1, 1)).id == "law-370-7-1"
    assert not footer_on(date(2026, 7, 11)).check
    assert footer_on(date(2026, 7, 12)).id == "digital-code-62-2"
    assert footer_on(date(2026, 7, 12)).check


def test_a_gap_between_footers_is_an_error(tmp_path):
    text = (DATA / "footers.toml").read_text(encoding="utf-8")
    file = tmp_path / "footers.toml"
    file.write_text(text.replace("2026-07-12", "2026-07-13"), encoding="utf-8")
    with pytest.raises(FormError, match="does not begin the day after"):
        read_footers(file)
    assert len(footers()) == 2
