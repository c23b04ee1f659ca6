"""The two ways that ``bench.certificates`` compares."""

from datetime import timedelta

import weasyprint
import zxingcpp
from django.conf import settings

from bench.seal import plain_signature, plain_signer, test_key
from kualik.accounts.queries import authorised_person
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.sealing import prepare_requests
from kualik.cases.services.trial_signing import sign_on_trial
from kualik.core import clock
from kualik.demo.loading import read_data
from kualik.demo.organisations import open_organisation
from kualik.demo.story import bring_group, set_stage
from kualik.papers.adapters import SHEETS
from kualik.rules.lifecycle import Role
from kualik.signatures.queries import organisation_key
from kualik.training.models import Completion

AT_ONCE = 50
FRAME = SHEETS / "frame.svg"
FONT = settings.FONT_ROOT / "400Regular" / "PTSerif_400Regular.ttf"
HTML = """
<html lang="kk"><style>
@page {{ size: A4 landscape; margin: 15mm }}
@page {{ background: url("{frame}") no-repeat center / 100% }}
@font-face {{ font-family: "PT Serif"; src: url("{font}") }}
body {{ font-family: "PT Serif", serif; text-align: center }}
table {{ width: 100% }} td {{ width: 50%; vertical-align: top }} svg {{ width: 40mm }}
</style><h1>КУӘЛІК / СВИДЕТЕЛЬСТВО</h1><p>№ {number}</p>
<table><tr><td>берілді: {name}</td><td>выдано: {name}</td></tr>
<tr><td>{title_kk}</td><td>{title_ru}</td></tr></table>{code}</html>
"""


class Office:
    """A provider with its staff and key, in a fresh database."""

    def __init__(self) -> None:
        self.data = read_data()
        now = clock.now()
        provider = open_organisation(self.data["provider"][0], now=now - timedelta(days=30))
        self.stage = set_stage(provider, now=now)

    def bring(self, first: int, count: int) -> list[Completion]:
        """People who completed a programme, imported."""
        programme = {**self.data["programme"][1], "ru": f"Тема {first}", "kk": f"Тақырып {first}"}
        return bring_group(
            self.stage, self.data["people"], programme, first=first, count=count, back=1
        )

    def approve(self, completions: list[Completion]) -> list[Request]:
        """Applications filed and approved: numbers given, drafts frozen."""
        now, registrar = clock.now(), self.stage.registrar
        requests = file_requests(
            provider=self.stage.provider,
            filings=[Filing(completion=completion) for completion in completions],
            channel=Request.Channel.REGISTRAR,
            filed_at=now,
            actor=registrar.acting_as(Role.REGISTRAR),
            now=now,
        )
        approve_requests(requests=requests, user=registrar, role=Role.REGISTRAR, now=now)
        return requests

    def prepare(self, requests: list[Request]) -> list[Request]:
        """Rendered, sealed with the organisation's key, stored."""
        now, signer = clock.now(), authorised_person(self.stage.provider)
        key = organisation_key(provider=self.stage.provider, now=now)
        actor = signer.acting_as(Role.AUTHORISED_PERSON)
        prepared: list[Request] = []
        for start in range(0, len(requests), AT_ONCE):
            part = requests[start : start + AT_ONCE]
            prepared += prepare_requests(requests=part, key=key, user=signer, actor=actor, now=now)
        return prepared

    def issue(self, completions: list[Completion]) -> list[Request]:
        """The whole job for completions: file, approve, seal, sign by the person, check."""
        prepared = self.prepare(self.approve(completions))
        iins = [row["iin"] for row in self.data["provider"][0]["staff"]]
        outcomes = sign_on_trial(requests=prepared, iins=iins, now=clock.now())
        for outcome in outcomes:
            if outcome.violation:
                raise outcome.violation
        return prepared


class PlainWay:
    """The same ornament and letters by WeasyPrint, sealed by pyHanko as documented; no database."""

    def __init__(self) -> None:
        self.signer = plain_signer(test_key())

    def issue(self, count: int) -> None:
        """``count`` signed pages."""
        for number in range(count):
            code = zxingcpp.create_barcode(
                f"http://localhost:8000/c/{number:016d}", zxingcpp.BarcodeFormat.QRCode
            )
            page = weasyprint.HTML(
                string=HTML.format(
                    frame=FRAME.as_uri(),
                    font=FONT.as_uri(),
                    number=number,
                    name="Нұрмағамбетова Ләззат Ерболқызы",
                    title_kk="Мейіргер ісі",
                    title_ru="Сестринское дело",
                    code=code.to_svg(),
                )
            ).write_pdf()
            plain_signature(self.signer, page)
