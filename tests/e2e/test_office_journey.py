"""From a list to sealed certificates that anyone can check, in the browser."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

LISTS = Path(__file__).resolve().parents[1] / "fixtures" / "completions"
TODAY = "new Date(Date.now() + 5 * 3600e3).toISOString().slice(0, 10)"


@pytest.mark.parametrize(
    ("language", "name", "people"),
    [("kk", "nursing-kk.xlsx", 15), ("ru", "cardiology-2026-11.xlsx", 28)],
)
def test_a_list_becomes_sealed_certificates(
    visit, ncalayer, tmp_path: Path, language: str, name: str, people: int
) -> None:
    ncalayer.behave("authorised-person-demo")
    office = visit(language)
    office.sign_in("registrar@demo.example")
    office.open("/office/import/")
    office.has_no_fault()
    office.page.set_input_files("input[type=file]", LISTS / name)
    office.send("form:has(input[type=file])")
    office.has_no_fault()
    office.keep_picture(f"import-columns-{language}")
    office.send("form:has(select)") if office.page.url.rstrip("/").endswith("columns") else None
    office.has_no_fault()
    office.keep_picture(f"import-preview-{language}")
    office.follow("button[formaction$='/confirm/']")
    office.has_no_fault()
    office.keep_picture(f"import-result-{language}")
    file_group(office, language, people)
    approve_all(office, language)
    seal_all(visit(language), language)
    check_one(office, visit(language, 390, scripts=False), tmp_path)


def file_group(office, language: str, people: int) -> None:
    office.follow("main a[href*='/file/']")
    office.has_no_fault()
    office.keep_picture(f"file-group-{language}")
    assert office.page.locator("input[name=completions]:checked").count() == people
    office.send("form:has(input[name=completions])")
    assert office.page.locator(".govuk-error-summary").count() == 1
    office.has_no_fault()
    office.page.fill("input[name=application_number]", "18-к")
    office.page.fill("input[name=application_on]", office.page.evaluate(TODAY))
    office.send("form:has(input[name=completions])")
    assert office.page.locator(".govuk-error-summary").count() == 0
    expect(office.page.locator("h1")).to_be_visible()
    office.has_no_fault()


def approve_all(office, language: str) -> None:
    """Filing leads to what the group waits for, whether it is an hour of work or not."""
    assert "state=undecided" in office.page.url
    office.keep_picture(f"requests-{language}")
    office.follow("button[name=scope][value=found]")
    office.has_no_fault()
    office.send("form:has(input[name=confirm])")
    office.has_no_fault()


def seal_all(signer, language: str) -> None:
    """The organisation's seal by the worker, then the person's own signature over each file."""
    signer.sign_in("authorised-person@demo.example")
    signer.open("/office/seal/")
    signer.has_no_fault()
    signer.keep_picture(f"seal-{language}")
    everything = "button[name=scope][value=all]"
    if signer.page.locator(everything).count():
        signer.follow(everything)
    else:
        signer.send("form:has(input[name=number])")
    assert "/office/seal/progress/" in signer.page.url
    onward = "main a.govuk-button[href='/office/seal/sign/']"
    expect(signer.page.locator(onward)).to_have_count(1, timeout=60_000)
    signer.has_no_fault()
    signer.keep_picture(f"seal-prepared-{language}")
    signer.follow(onward)
    signer.has_no_fault()
    signer.page.check("#confirm")
    signer.page.locator("#signing button[type=submit]").click()
    expect(signer.page.locator(".k-message--success")).to_be_visible(timeout=60_000)
    expect(signer.page.locator(".k-signing__outcome--bad")).to_have_count(0)
    signer.has_no_fault()
    signer.keep_picture(f"seal-done-{language}")
    signer.open("/office/seal/")
    expect(signer.page.locator("input[name=number]")).to_have_count(0)


def check_one(office, employer, folder: Path) -> None:
    """The register gives the file, the file's QR leads to the check page, without JavaScript."""
    office.open("/office/register/?status=valid")
    office.has_no_fault()
    office.follow("main table a")
    office.has_no_fault()
    with office.page.expect_download() as waiting:
        office.page.locator("a[href$='/file']").first.click()
    file = folder / "certificate.pdf"
    waiting.value.save_as(file)
    assert "Signature is Valid" in run("pdfsig", str(file))
    run("pdftoppm", "-r", "150", "-gray", "-singlefile", str(file), str(folder / "page"))
    seen = run("zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", str(folder / "page.pgm"))
    address = seen.strip()
    assert address.startswith(f"{employer.system}/c/")
    employer.open(address.removeprefix(employer.system))
    assert employer.page.locator(".k-verdict--good").count() == 1
    employer.keep_picture(f"check-valid-{employer.language}")
    employer.open("/check/")
    employer.page.set_input_files("input[type=file]", file)
    employer.send("form:has(input[type=file])")
    assert employer.page.locator(".k-verdict--good").count() == 1
    altered = bytearray(file.read_bytes())
    altered[len(altered) // 2] ^= 1
    forged = folder / "forged.pdf"
    forged.write_bytes(altered)
    employer.open("/check/")
    employer.page.set_input_files("input[type=file]", forged)
    employer.send("form:has(input[type=file])")
    assert employer.page.locator(".k-verdict--bad").count() == 1
    employer.keep_picture(f"check-altered-{employer.language}")


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
