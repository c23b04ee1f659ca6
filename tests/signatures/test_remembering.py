"""Revocation data is kept by fixed rules and never believed because it was kept."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.effort import PatientFetcher
from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.remembering import CachedFetcher, asking_by
from kualik.signatures.adapters.test_authority import (
    Leaf,
    Revocation,
    Scheme,
    Status,
    answer_ocsp,
    make_hierarchy,
)
from tests.signatures.authorities import INDIVIDUAL, NOW, authority, head, individual
from tests.signatures.verification import flipped, trust

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OCSP, LIST, DELTA = (f"http://127.0.0.1:9/{path}" for path in ("ocsp", "crl", "crl/delta"))


@dataclass
class Services:
    """The services of an authority at the moment ``now``; what they say may be set."""

    now: datetime = NOW
    status: Status = "good"
    is_dead: bool = False
    is_forging: bool = False
    with_ocsp: bool = True
    life: timedelta | None = HOUR
    list_life: timedelta = DAY
    delta_life: timedelta | None = None
    number: int = 1
    scheme: Scheme = Scheme.RSA
    calls: list[str] = field(default_factory=list)

    def ask(self, url: str, request: bytes) -> bytes:
        self.calls.append(url)
        if self.is_dead or not self.with_ocsp:
            raise Unreachable("nobody there")
        if self.life != HOUR:
            return authority(self.scheme).ocsp_response(
                individual(self.scheme), self.status, now=self.now, life=self.life
            )
        answer = answer_ocsp(
            authority(self.scheme), request, status_of=lambda _serial: self.status, now=self.now
        )
        return flipped(answer, answer.index(b"OCSP RESPONDER") + 400) if self.is_forging else answer

    def get(self, url: str) -> bytes:
        self.calls.append(url)
        if self.is_dead or url.endswith("root"):
            raise Unreachable("nobody there")
        listed = {}
        if isinstance(self.status, Revocation):
            listed = {individual(self.scheme).serial: self.status}
        made = authority(self.scheme).crl(
            listed,
            now=self.now,
            delta="delta" in url,
            life=(self.delta_life if "delta" in url else None) or self.list_life,
            base_number=self.number,
        )
        return flipped(made, len(made) - 1) if self.is_forging else made

    def asked(self) -> list[str]:
        """The calls since the last time, the list of the root left out."""
        found = [url for url in self.calls if not url.endswith("root")]
        self.calls.clear()
        return found


@dataclass
class Verifier:
    """Checks a certificate again and again through one cache."""

    services: Services
    cache: BaseCache

    def states(self, leaf: Leaf | None = None, *, after: timedelta = timedelta()) -> set[str]:
        """The codes of the check so long after NOW; empty is good."""
        moment = NOW + after
        self.services.now = moment
        found = check_certificate(
            (leaf or individual(self.services.scheme)).certificate_der,
            (),
            trust(self.services.scheme, with_list=False),
            moment,
            policy=RevocationPolicy(
                fetcher=CachedFetcher(self.services, self.cache, lambda: moment)
            ),
        )
        return set(found.codes)


@pytest.fixture
def verifier(request: pytest.FixtureRequest) -> Verifier:
    return Verifier(Services(), LocMemCache(request.node.nodeid, {}))


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_an_answer_is_used_again_for_ten_minutes(verifier: Verifier, scheme: Scheme) -> None:
    verifier.services.scheme = scheme
    assert verifier.states() == set()
    assert verifier.services.asked() == [OCSP]
    assert verifier.states(after=9 * MINUTE) == set()
    assert verifier.services.asked() == []
    assert verifier.states(after=10 * MINUTE) == set()
    assert verifier.services.asked() == [OCSP]


@pytest.mark.parametrize(("life", "kept"), [(4 * MINUTE, 4), (None, 10), (DAY, 10)])
def test_an_answer_is_not_kept_beyond_its_own_end(
    verifier: Verifier, life: timedelta | None, kept: int
) -> None:
    verifier.services.life = life
    verifier.states()
    verifier.services.asked()
    verifier.states(after=kept * MINUTE - timedelta(seconds=1))
    assert verifier.services.asked() == []
    verifier.states(after=kept * MINUTE)
    assert verifier.services.asked() == [OCSP]


def test_what_is_said_of_one_certificate_is_not_said_of_another(verifier: Verifier) -> None:
    verifier.services.status = Revocation(at=NOW - DAY)
    assert verifier.states() == {"certificate_revoked"}
    verifier.services.status = "good"
    assert verifier.states(head(Scheme.RSA)) == set()
    assert verifier.states() == {"certificate_revoked"}
    assert verifier.services.asked() == [OCSP, OCSP]


def test_an_answer_that_does_not_know_is_not_kept(verifier: Verifier) -> None:
    verifier.services.status = "unknown"
    assert verifier.states() == {"revocation_unknown"}
    verifier.services.status = "good"
    assert verifier.states() == set()


@pytest.mark.parametrize("with_ocsp", [True, False])
def test_what_nobody_signed_is_not_kept(verifier: Verifier, with_ocsp: bool) -> None:
    verifier.services.with_ocsp = with_ocsp
    verifier.services.is_forging = True
    assert verifier.states() == {"revocation_untrusted"}
    verifier.services.is_forging = False
    assert verifier.states() == set()


def test_a_failure_is_remembered_for_thirty_seconds(verifier: Verifier) -> None:
    verifier.services.is_dead = True
    assert verifier.states() == {"revocation_unreachable"}
    assert verifier.services.asked() == [OCSP, LIST]
    verifier.services.is_dead = False
    assert verifier.states(after=timedelta(seconds=29)) == {"revocation_unreachable"}
    assert verifier.services.asked() == []
    assert verifier.states(after=timedelta(seconds=30)) == set()
    assert verifier.services.asked() == [OCSP]


def test_a_kept_answer_outlives_a_failure_of_the_service(verifier: Verifier) -> None:
    assert verifier.states() == set()
    verifier.services.is_dead = True
    assert verifier.states(after=5 * MINUTE) == set()
    assert verifier.states(after=11 * MINUTE) == {"revocation_unreachable"}


@pytest.mark.parametrize(("life", "kept"), [(2 * HOUR, 2 * HOUR), (7 * DAY, DAY)])
def test_a_list_serves_everybody_until_its_next_update_at_most_a_day(
    verifier: Verifier, life: timedelta, kept: timedelta
) -> None:
    verifier.services.with_ocsp = False
    verifier.services.list_life = life
    assert verifier.states() == set()
    assert verifier.services.asked() == [OCSP, LIST, DELTA]
    assert verifier.states(head(Scheme.RSA), after=MINUTE) == set()
    assert verifier.services.asked() == [OCSP]
    assert verifier.states(after=kept - MINUTE) == set()
    assert verifier.services.asked() == [OCSP]
    assert verifier.states(after=kept) == set()
    assert verifier.services.asked() == [OCSP, LIST, DELTA]


def test_a_delta_to_a_newer_list_makes_that_list_be_asked_for(verifier: Verifier) -> None:
    verifier.services.with_ocsp = False
    verifier.services.delta_life = HOUR
    assert verifier.states() == set()
    assert verifier.services.asked() == [OCSP, LIST, DELTA]
    verifier.services.number = 2
    assert verifier.states(after=2 * HOUR) == set()
    assert verifier.services.asked() == [OCSP, DELTA, LIST, DELTA]


def poisoned(cache: LocMemCache, content: bytes) -> None:
    """Every kept thing replaced, its dates untouched."""
    for key in list(cache._cache):
        plain = key.split(":", 2)[2]
        since, until, _ = cache.get(plain)
        cache.set(plain, (since, until, content))


def test_the_cache_itself_is_not_believed(verifier: Verifier) -> None:
    leaf, foreign = individual(Scheme.RSA), make_hierarchy(scheme=Scheme.RSA, now=NOW)
    verifier.services.status = Revocation(at=NOW - DAY)
    assert verifier.states() == {"certificate_revoked"}
    forgeries = [
        b"",
        b"not an answer",
        authority(Scheme.RSA).ocsp_response(head(Scheme.RSA), "good", now=NOW),
        authority(Scheme.RSA).ocsp_response(
            leaf, "good", now=NOW, responder=foreign.ocsp_responder
        ),
    ]
    for forgery in forgeries:
        poisoned(verifier.cache, forgery)
        assert verifier.states() == {"certificate_revoked"}
    for nonsense in ("text", None, (1, 2, 3), (NOW, NOW + DAY, "text")):
        for key in list(verifier.cache._cache):
            verifier.cache.set(key.split(":", 2)[2], nonsense)
        assert verifier.states() == {"certificate_revoked"}


def test_keys_tell_nothing_of_the_person(verifier: Verifier) -> None:
    verifier.services.with_ocsp = False
    verifier.states()
    names = " ".join(verifier.cache._cache)
    assert names
    leaf = individual(Scheme.RSA)
    for secret in (INDIVIDUAL.iin, str(leaf.serial), f"{leaf.serial:x}", "127.0.0.1"):
        assert secret not in names


def test_threads_share_one_cache_of_files(tmp_path: Path) -> None:
    verifiers = [
        Verifier(Services(with_ocsp=number % 2 == 0), FileBasedCache(str(tmp_path), {}))
        for number in range(8)
    ]

    def check(verifier: Verifier) -> set[str]:
        return {code for _ in range(10) for code in verifier.states()}

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(check, verifiers)) == [set()] * 8


def test_another_way_of_asking_is_gone_only_for_what_is_not_kept(verifier: Verifier) -> None:
    """A visitor's patience that ended says nothing of the service to the next one."""
    kept = CachedFetcher(verifier.services, verifier.cache, lambda: NOW)
    impatient = asking_by(kept, lambda fetcher: PatientFetcher(fetcher, seconds=-1))
    leaf, believed = individual(Scheme.RSA).certificate_der, trust(Scheme.RSA, with_list=False)
    codes = []
    for fetcher in (impatient, kept, impatient):
        policy = RevocationPolicy(fetcher=fetcher)
        codes.append(check_certificate(leaf, (), believed, NOW, policy=policy).codes)
    assert codes == [("revocation_unreachable",), (), ()]
    assert verifier.services.asked() == [OCSP]
    assert isinstance(asking_by(verifier.services, PatientFetcher), PatientFetcher)


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    verifier = Verifier(Services(), FileBasedCache(str(folder), {}))
    folder.rmdir()
    folder.write_bytes(b"a file where the folder was")
    assert verifier.states() == set()
    assert verifier.states() == set()
    assert verifier.services.asked() == [OCSP, OCSP]
