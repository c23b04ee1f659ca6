"""A provider with staff, a test key and people who completed a programme."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.filing import Filing, file_requests
from kualik.demo.loading import read_data
from kualik.demo.organisations import open_organisation
from kualik.demo.story import Stage, bring_group, set_stage
from kualik.rules.lifecycle import Role

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Office:
    """The office of the provider DEMO on Monday 23 November 2026 at 11:00."""

    stage: Stage
    registrar: User
    signer: User

    def file(self, count: int, *, start: int = 1) -> list[Request]:
        """Requests for people who completed a programme on the last working day."""
        data = read_data()
        programme = {**data["programme"][1], "ru": f"Тема {start}", "kk": f"Тақырып {start}"}
        completions = bring_group(
            self.stage, data["people"], programme, first=start, count=count, back=1
        )
        return file_requests(
            provider=self.stage.provider,
            filings=[Filing(completion=completion) for completion in completions],
            channel=Request.Channel.REGISTRAR,
            filed_at=NOW - timedelta(hours=1),
            actor=self.registrar.acting_as(Role.REGISTRAR),
            now=NOW,
        )

    def approved(self, count: int, *, start: int = 1) -> list[Request]:
        """The same, decided and waiting for the seal."""
        requests = self.file(count, start=start)
        approve_requests(requests=requests, user=self.registrar, role=Role.REGISTRAR, now=NOW)
        return requests


def open_demo_office() -> Office:
    """The first provider of the demonstration, without its story."""
    provider = open_organisation(read_data()["provider"][0], now=NOW - timedelta(days=30))
    stage = set_stage(provider, now=NOW)
    signer = User.objects.get(provider=provider, grants__role=Role.AUTHORISED_PERSON)
    return Office(stage, stage.registrar, signer)
