"""Certificates and references on paper (A57.5, A303.5)."""

from datetime import datetime, time
from typing import Final

from kualik.papers.adapters import qr_svg, render_pdf
from kualik.papers.queries import Form, footer_on, form, words
from kualik.papers.services.sealing import SealBlock, seal_words, test_words
from kualik.papers.services.sheet import Side, lay_out
from kualik.papers.services.wording import ALMATY, dashed, long_date, period, quoted, volume
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts

# As long as the address of a check usually is.
LONG_URL: Final = f"https://kualik.example.kz/c/{'0' * 16}"


def render_certificate(
    *, facts: CertificateFacts, check_url: str, seal: SealBlock, is_test: bool
) -> bytes:
    """The sheet of a certificate or reference by the form its facts name, not yet signed.

    One page of PDF/A-2a and PDF/UA-1, the same bytes for the same arguments; dated by
    ``seal.sealed_at``. ``is_test`` says on the sheet that the seal has no legal force.
    Raises RuleViolation: ``form_unknown``, ``form_mismatch`` (the form is for another kind or
    paper), ``paper_glyph_missing``, ``paper_overflow``.
    """
    chosen, data = sheet_data(facts=facts, check_url=check_url, seal=seal, is_test=is_test)
    return render_pdf(sheet=chosen.paper, data=data, created_at=seal.sealed_at)


def check_certificate(facts: CertificateFacts) -> None:
    """Lay the sheet out and throw it away, under the longest words that a seal may have.

    A few milliseconds. Raises as ``render_certificate`` does.
    """
    seal = SealBlock(
        organisation=facts.provider_name,
        certificate_serial="0" * 40,
        certificate_valid_to=facts.issued_on,
        sealed_at=datetime.combine(facts.issued_on, time(), ALMATY),
        has_person_signature=True,
    )
    sheet_data(facts=facts, check_url=LONG_URL, seal=seal, is_test=True)


def sheet_data(
    *, facts: CertificateFacts, check_url: str, seal: SealBlock, is_test: bool
) -> tuple[Form, dict[str, object]]:
    """The form that the facts name, and what its sheet is set from. Raises as
    ``render_certificate`` does."""
    chosen = form(facts.form)
    if (chosen.edition, chosen.kind, chosen.paper) != (facts.edition, facts.kind, facts.paper):
        raise RuleViolation("form_mismatch", form=facts.form, kind=facts.kind, paper=facts.paper)
    shared = words("words")
    number, code = f"№ {facts.number}", dashed(facts.code)
    code_label = f"{shared['code'].kk}:"
    check_label = f"{shared['check'].kk} / {shared['check'].ru}:"
    sides = [_side(chosen, facts, seal, one, is_test=is_test) for one in ("kk", "ru")]
    data = {
        "title": f"{chosen.title.kk} / {chosen.title.ru} {number}",
        "author": facts.provider_name.kk,
        "number": number,
        "code": code,
        "code_label": code_label,
        "check_label": check_label,
        "check_url": check_url,
        "qr": qr_svg(check_url),
        "qr_alt": f"{shared['qr_check'].kk}. {shared['qr_check'].ru}: {check_url}",
        "test": [test_words(one) for one in ("kk", "ru")] if is_test else None,
        **lay_out(sides, address=f"{number} {code_label} {code} {check_label} {check_url}"),
    }
    return chosen, data


def _side(
    form: Form, facts: CertificateFacts, seal: SealBlock, language: str, *, is_test: bool
) -> Side:
    """All that one language's column says."""
    holder = facts.holder_kk if language == "kk" else facts.holder_ru
    specialty = None
    if facts.specialty:
        label = form.labels["specialty"].get(language)
        specialty = f"{label}: {facts.specialty.get(language)}"
    return Side(
        appendix=form.appendix.get(language),
        provider=facts.provider_name.get(language),
        title=form.title.get(language),
        subtitle=form.subtitle.get(language),
        number=f"{form.labels['number'].get(language)} {facts.number}",
        lead=form.lead.get(language),
        holder=holder,
        confirms=form.confirms.get(language),
        programme=quoted(facts.programme.get(language)),
        specialty=specialty,
        facts=_fact_cells(form, facts, language),
        signer_position=facts.signer_position.get(language),
        signer_name=facts.signer_name,
        seal=seal_words(seal, holder, language, is_test=is_test),
        footer=footer_on(facts.issued_on).text.get(language),
    )


def _fact_cells(
    form: Form, facts: CertificateFacts, language: str
) -> list[tuple[str, tuple[str, ...]]]:
    values = (
        ("volume", tuple(volume(form, facts).get(language).splitlines())),
        ("period", period(facts.started_on, facts.ended_on, language)),
        ("issued", (long_date(facts.issued_on, language), facts.city.get(language))),
    )
    return [(form.labels[name].get(language), lines) for name, lines in values]
