"""The open check of signatures in a browser: on a phone and a desk, in Kazakh and Russian."""

from pathlib import Path

import pytest

from kualik.signatures.adapters.test_authority import Scheme
from tests.signatures.authorities import head, individual
from tests.signatures.pdf_samples import plain_pdf, signed_pdf, with_new_content
from tests.signatures.verification import CONTENT, signed

TITLES = {
    "invalid": {"kk": "Қолтаңба жарамсыз", "ru": "Подпись недействительна"},
    "none": {
        "kk": "Бірде-бір қолтаңба жарамды емес",
        "ru": "Ни одна из подписей не действительна",
    },
    "problem": {"kk": "қол қойылған құжаттың өзін де беріңіз", "ru": "представьте и сам"},
}
SCREENS = (390, 1280)
each_language = pytest.mark.parametrize("language", ["kk", "ru"])


def checked(visitor, folder: Path, content: bytes, document: bytes | None = None) -> str:
    """What the page says after both files were chosen and sent."""
    visitor.open("/signatures/")
    for field, data in (("file", content), ("document", document)):
        if data is not None:
            chosen = folder / field
            chosen.write_bytes(data)
            visitor.page.set_input_files(f"input[name={field}]", chosen)
    visitor.send("main form")
    return visitor.page.inner_text("main")


@each_language
def test_files_are_checked_and_told(visit, tmp_path: Path, language: str) -> None:
    visitor = visit(language)
    visitor.open("/signatures/")
    visitor.is_fine("open-check", *SCREENS)
    leaves = [individual(Scheme.RSA), head(Scheme.GOST512)]
    # Strangers to this installation: their signatures fit and are not believed.
    told = checked(visitor, tmp_path, signed_pdf(*leaves))
    assert TITLES["none"][language] in told
    assert "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ" in told
    visitor.is_fine("open-check-two", *SCREENS)
    told = checked(visitor, tmp_path, with_new_content(signed_pdf(leaves[0])))
    assert TITLES["invalid"][language] in told
    visitor.is_fine("open-check-changed", *SCREENS)


@each_language
def test_a_missing_document_is_asked_for(visit, tmp_path: Path, language: str) -> None:
    visitor = visit(language)
    value = signed([individual(Scheme.RSA)], detached=True)
    assert TITLES["problem"][language] in checked(visitor, tmp_path, value)
    visitor.is_fine("open-check-document", *SCREENS)
    assert TITLES["invalid"][language] in checked(visitor, tmp_path, value, CONTENT)


def test_the_page_works_without_scripts(visit, tmp_path: Path) -> None:
    visitor = visit("ru", 390, scripts=False)
    assert "нет электронной подписи" in checked(visitor, tmp_path, plain_pdf())


def test_the_check_of_certificates_leads_here(visit) -> None:
    visitor = visit("kk", 390)
    visitor.open("/check/")
    visitor.follow("main a[href='/signatures/']")
    assert visitor.page.url.endswith("/signatures/")
