"""The interface speaks Kazakh and Russian in full, Django's own sentences included."""

import ast
import re
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from babel.messages.catalog import Message
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import FileExtensionValidator, validate_ipv46_address
from django.utils import formats, timesince, translation

from kualik.core.clock import ZONE

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "src").rglob("templates/**/*.html"))
CODE = sorted((ROOT / "src").rglob("*.py"))
CATALOGUES = sorted(ROOT.glob("locale*/*/LC_MESSAGES/django.po"))
# What xgettext takes for a call to gettext without being told.
KNOWN = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext"}
MAKERS = {"gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
BLOCKTRANS = re.compile(r"\{%\s*blocktrans.*?endblocktrans\s*%\}", re.DOTALL)
UNSPOKEN = re.compile(
    r"<(script|style|code|svg|section(?= lang=.en.)).*?</\1>|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
SPOKEN_ATTRIBUTE = re.compile(r'\b(?:aria-label|title|alt|placeholder|data-label)="([^"]*)"')
WORD = re.compile(r"[A-Za-z]{2,}")
NAMES = {"CSV", "IPv", "JSON", "Kualik", "QR", "PDF", "SHA", "XXXX", "gov", "kz", "pki"}
FIELDS: list[tuple[forms.Field, Any]] = [
    (forms.CharField(), ""),
    (forms.CharField(max_length=2), "абв"),
    (forms.CharField(min_length=21), "аб"),
    (forms.CharField(), "а\x00б"),
    (forms.IntegerField(), "абв"),
    (forms.IntegerField(min_value=5), "4"),
    (forms.IntegerField(max_value=5), "6"),
    (forms.IntegerField(step_size=5), "6"),
    (forms.FloatField(), "абв"),
    (forms.DecimalField(), "абв"),
    (forms.DecimalField(max_digits=3), "1234"),
    (forms.DecimalField(decimal_places=1), "1.25"),
    (forms.DecimalField(max_digits=3, decimal_places=2), "12.5"),
    (forms.DateField(), "31.02.2026"),
    (forms.TimeField(), "25:00"),
    (forms.DateTimeField(), "22.11.2026 25:00"),
    (forms.SplitDateTimeField(), ["", ""]),
    (forms.DurationField(), "абв"),
    (forms.EmailField(), "абв"),
    (forms.URLField(assume_scheme="https"), "абв где"),
    (forms.SlugField(), "а б"),
    (forms.RegexField("[0-9]+"), "абв"),
    (forms.UUIDField(), "абв"),
    (forms.JSONField(), "{"),
    (forms.GenericIPAddressField(), "абв"),
    (forms.GenericIPAddressField(protocol="ipv6"), "1::2::3"),
    (forms.BooleanField(), False),
    (forms.ChoiceField(choices=[("1", "бір")]), "2"),
    (forms.MultipleChoiceField(choices=[("1", "бір")]), ["2"]),
    (forms.MultipleChoiceField(choices=[("1", "бір")]), "1"),
    (forms.TypedChoiceField(choices=[("1", "бір")], coerce=int), "2"),
    (forms.FileField(), None),
    (forms.FileField(), SimpleUploadedFile("т.пдф", b"")),
    (forms.FileField(max_length=3), SimpleUploadedFile("тізім", b"1")),
    (
        forms.FileField(validators=[FileExtensionValidator(["пдф"])]),
        SimpleUploadedFile("тізім.док", b"1"),
    ),
    (forms.CharField(validators=[validate_ipv46_address]), "абв"),
]


def collector() -> ModuleType:
    loader = SourceFileLoader("kualik_messages", str(ROOT / "bin/messages"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def english_words(text: str) -> set[str]:
    return set(WORD.findall(text)) - NAMES


def refusal_of(check: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as refused:
        check()
    return " ".join(refused.value.messages)


def test_catalogues_hold_every_text_of_the_sources_translated() -> None:
    run = subprocess.run(
        [ROOT / "bin/messages", "--check"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize(
    ("source", "target", "flags", "flaw"),
    [
        ("Show", "", (), "empty"),
        ("Show", "Көрсету", ("fuzzy",), "fuzzy"),
        ("Show", "Show", (), "left in English"),
        ("Page %(number)s", "Бет", ("python-format",), "placeholders differ"),
        (("%(n)s row", "%(n)s rows"), ("%(n)s жол", ""), (), "empty"),
        (("%(n)s row", "%(n)s rows"), ("%(n)s жол", "жолдар"), (), "placeholders differ"),
        (("One row", "%(n)s rows"), ("%(n)s жол", "%(n)s жол"), (), ""),
        ("PDF", "PDF", (), ""),
        ("Show", "Көрсету", (), ""),
    ],
)
def test_the_check_finds_each_flaw(
    source: Any, target: Any, flags: tuple[str, ...], flaw: str
) -> None:
    message = Message(source, target, flags=flags)
    assert collector().flaw_of(message, 2) == flaw


def test_compiled_catalogues_speak() -> None:
    module = collector()
    for language in ("kk", "ru"):
        catalogue = module.read(module.path_of(language), language)
        with translation.override(language):
            for message in catalogue:
                if message.id and not message.pluralizable:
                    assert translation.gettext(message.id) == message.string


def test_english_pages_stay_english() -> None:
    with translation.override("en"):
        assert translation.gettext("Providers") == "Providers"


def test_sources_call_gettext_by_names_the_collector_knows() -> None:
    known = KNOWN | set(collector().KEYWORDS)
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                names = {alias.asname or alias.name for alias in node.names if alias.name in MAKERS}
                assert names <= known, (file, names - known)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_every_word_of_a_page_is_marked_for_translation(file: Path) -> None:
    text = UNSPOKEN.sub(" ", BLOCKTRANS.sub(" ", file.read_text(encoding="utf-8")))
    attributes = " ".join(SPOKEN_ATTRIBUTE.findall(text))
    shown = re.sub(r"<[^>]*>|&\w+;", " ", text)
    assert english_words(f"{attributes} {shown}") == set()


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: "-".join(file.parts[-4:-2]))
def test_letters_are_the_right_ones(file: Path) -> None:
    text = "\n".join(
        line for line in file.read_text(encoding="utf-8").splitlines() if "msgstr" in line
    )
    assert "ӛ" not in text
    assert re.findall(r"\w*(?:[a-zA-Z][а-яёәғқңөұүһі]|[а-яёәғқңөұүһі][a-zA-Z])\w*", text) == []


def test_the_provider_has_one_kazakh_name() -> None:
    text = (ROOT / "locale/kk/LC_MESSAGES/django.po").read_text(encoding="utf-8").lower()
    assert re.findall(r"(?<!көрсетілетін )қызметті? (?:беруш|алуш)\w+", text) == []


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize(("field", "value"), FIELDS, ids=lambda part: type(part).__name__)
def test_a_field_refuses_without_an_english_word(
    field: forms.Field, value: Any, language: str
) -> None:
    with translation.override(language):
        assert english_words(refusal_of(lambda: field.clean(value))) == set()


@pytest.mark.parametrize("password", ["123", "password", "12345678"])
def test_a_bad_password_is_refused_in_kazakh(password: str) -> None:
    with translation.override("kk"):
        said = refusal_of(lambda: password_validation.validate_password(password))
    assert english_words(said) == set()


def test_days_and_numbers_are_written_as_in_kazakhstan() -> None:
    day = datetime(2026, 11, 22, 8, 30, tzinfo=ZONE)
    with translation.override("kk"):
        assert formats.date_format(day) == "2026 жылғы 22 қараша"
        assert formats.date_format(day, "DATETIME_FORMAT") == "2026 жылғы 22 қараша, 08:30"
        assert formats.date_format(day, "l, D") == "жексенбі, Жс"
        assert formats.number_format(Decimal("1234.5"), force_grouping=True) == "1\xa0234,5"
        assert timesince.timesince(day, day + timedelta(days=2)) == "2\xa0күн"
    with translation.override("ru"):
        assert formats.date_format(day) == "22 ноября 2026 г."
    with translation.override("en"):
        assert formats.date_format(day, "DATETIME_FORMAT") == "22 November 2026, 08:30"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("typed", ["22.11.2026", "2026-11-22"])
def test_a_day_may_be_typed_with_dots_or_as_iso(language: str, typed: str) -> None:
    with translation.override(language):
        assert forms.DateField().clean(typed).isoformat() == "2026-11-22"
