"""A provider with staff, a test key and people who completed a programme."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.sealing import prepare_requests
from kualik.cases.services.trial_signing import issue_on_trial
from kualik.certificates.models import SealPolicy
from kualik.certificates.services.policy import Limits, set_policy
from kualik.demo.cast import write_cast
from kualik.demo.loading import PEOPLE_APART, read_data
from kualik.demo.organisations import open_organisation
from kualik.demo.people import staff_iins
from kualik.demo.story import Stage, bring_group, set_stage
from kualik.rules.lifecycle import Role
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import organisation_key
from tests.keeping import kept

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Office:
    """The office of the provider DEMO on Monday 23 November 2026 at 11:00."""

    stage: Stage
    registrar: User
    signer: User

    @property
    def key(self) -> SigningKey:
        return organisation_key(provider=self.stage.provider, now=NOW)

    def file(self, count: int, *, start: int = 1, edition: str = "") -> list[Request]:
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
            edition=edition,
        )

    def approved(self, count: int, *, start: int = 1, edition: str = "") -> list[Request]:
        """The same, decided and waiting to be prepared."""
        requests = self.file(count, start=start, edition=edition)
        approve_requests(requests=requests, user=self.registrar, role=Role.REGISTRAR, now=NOW)
        return requests

    def prepared(self, count: int, *, start: int = 1, now: datetime = NOW) -> list[Request]:
        """The same, with files that wait for the signature."""
        requests = self.approved(count, start=start)
        actor = self.signer.acting_as(Role.AUTHORISED_PERSON)
        prepare_requests(requests=requests, key=self.key, user=self.signer, actor=actor, now=now)
        return requests

    def issue(self, requests: Sequence[Request]) -> None:
        """Prepare and sign approved requests."""
        issue_on_trial(requests=requests, iins=staff_iins(), now=NOW)

    def seal_automatically(self, **limits: object) -> SealPolicy:
        """Let the organisation's key seal by itself from now on (A303.4)."""
        wanted = {"kinds": ["pd", "cc"], "daily_quota": 100} | limits
        return set_policy(
            provider=self.stage.provider,
            limits=Limits(way=SealPolicy.Way.AUTOMATIC, **wanted),
            takes_reading=True,
            user=self.signer,
            actor=self.signer.acting_as(Role.AUTHORISED_PERSON),
            now=NOW,
        )


def open_demo_office() -> Office:
    """The first provider of the demonstration, without its story."""
    return kept(_new_office)


def _new_office() -> Office:
    provider = open_organisation(read_data()["provider"][0], now=NOW - timedelta(days=30))
    stage = set_stage(provider, now=NOW)
    signer = User.objects.get(provider=provider, grants__role=Role.AUTHORISED_PERSON)
    return Office(stage, stage.registrar, signer)


def hand_out_keys() -> None:
    """The list by which a demonstration plays its authorised persons."""
    cast = Path(settings.VAR) / "simulators" / "people.json"
    write_cast(path=cast, data=read_data(), apart=PEOPLE_APART)
