"""Certificates and references on paper (A57.5, A303.5)."""

from collections.abc import Mapping

from kualik.papers.adapters import qr_svg, render_pdf
from kualik.papers.queries import Form, footer_on, form, words
from kualik.papers.services.sealing import SealBlock, seal_words, test_words
from kualik.papers.services.wording import dashed, long_date, period, quoted, volume
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts


def render_certificate(
    *, facts: CertificateFacts, check_url: str, seal: SealBlock, is_test: bool
) -> bytes:
    """The sheet of a certificate or reference by the form its facts name, not yet signed.

    One page of PDF/A-2a and PDF/UA-1, the same bytes for the same arguments; dated by
    ``seal.sealed_at``. ``is_test`` says on the sheet that the seal has no legal force.
    Raises RuleViolation: ``form_unknown``, ``form_mismatch`` (the form is for another kind or
    paper), ``paper_glyph_missing``, ``paper_overflow``.
    """
    chosen = form(facts.form)
    if (chosen.edition, chosen.kind, chosen.paper) != (facts.edition, facts.kind, facts.paper):
        raise RuleViolation("form_mismatch", form=facts.form, kind=facts.kind, paper=facts.paper)
    shared = words("words")
    data = {
        "title": f"{chosen.title.kk} / {chosen.title.ru} № {facts.number}",
        "author": facts.provider_name.kk,
        "number": f"№ {facts.number}",
        "code": dashed(facts.code),
        "code_label": f"{shared['code'].kk}:",
        "check_label": f"{shared['check'].kk} / {shared['check'].ru}:",
        "check_url": check_url,
        "qr": qr_svg(check_url),
        "qr_alt": f"{shared['qr_check'].kk}. {shared['qr_check'].ru}: {check_url}",
        "kk": _side(chosen, facts, seal, "kk", is_test=is_test),
        "ru": _side(chosen, facts, seal, "ru", is_test=is_test),
    }
    return render_pdf(sheet=chosen.paper, data=data, created_at=seal.sealed_at)


def _side(
    form: Form, facts: CertificateFacts, seal: SealBlock, language: str, *, is_test: bool
) -> Mapping[str, object]:
    """All that one language's column says."""
    holder = facts.holder_kk if language == "kk" else facts.holder_ru
    family, _, given = holder.partition(" ")
    specialty = None
    if facts.specialty:
        label = form.labels["specialty"].get(language)
        specialty = f"{label}: {facts.specialty.get(language)}"
    return {
        "appendix": form.appendix.get(language),
        "provider": facts.provider_name.get(language),
        "title": form.title.get(language),
        "subtitle": form.subtitle.get(language),
        "number": f"{form.labels['number'].get(language)} {facts.number}",
        "lead": form.lead.get(language),
        "holder": holder,
        "holder_first": family,
        "holder_rest": given,
        "confirms": form.confirms.get(language),
        "programme": quoted(facts.programme.get(language)),
        "specialty": specialty,
        "facts": _fact_cells(form, facts, language),
        "signer_position": facts.signer_position.get(language),
        "signer_name": facts.signer_name,
        "seal": seal_words(seal, holder, language, is_test=is_test),
        "test": test_words(language) if is_test else None,
        "footer": footer_on(facts.issued_on).text.get(language),
    }


def _fact_cells(form: Form, facts: CertificateFacts, language: str) -> list[Mapping[str, object]]:
    values = (
        ("volume", tuple(volume(form, facts).get(language).splitlines())),
        ("period", period(facts.started_on, facts.ended_on, language)),
        ("issued", (long_date(facts.issued_on, language), facts.city.get(language))),
    )
    return [{"label": form.labels[name].get(language), "lines": lines} for name, lines in values]
