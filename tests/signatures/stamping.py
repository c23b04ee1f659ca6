"""Time-stamp authorities and services of revocation in this process, at a chosen moment."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.pades import SealWriter
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Purpose,
    Status,
    Subject,
    answer_ocsp,
    answer_timestamp,
    delta_list,
    full_list,
)
from kualik.signatures.adapters.trust import TrustDirectory, trust_of
from kualik.signatures.adapters.tsa import make_request, token_of
from kualik.signatures.services.preserving import Extended, extend
from kualik.signatures.services.proofs import Level
from tests.signatures.samples import SEALED_AT

STAMPED_AT = SEALED_AT + timedelta(minutes=10)


@dataclass
class Stamps:
    """A time-stamp authority; ``is_dead`` does not answer from the ``dies_at``-th question on."""

    hierarchy: Hierarchy
    now: datetime = STAMPED_AT
    dies_at: int | None = None
    asked: int = 0

    def stamp(self, data: bytes) -> bytes:
        self.asked += 1
        if self.dies_at is not None and self.asked >= self.dies_at:
            raise Unreachable("nobody there")
        request = make_request(hashlib.sha256(data).digest(), nonce=7)
        answer = answer_timestamp(self.hierarchy, request, now=self.now, serial=self.asked)
        return token_of(answer, data, nonce=7)


@dataclass
class Services:
    """OCSP and lists; ``statuses`` by serial number, good where nothing is said."""

    hierarchy: Hierarchy
    now: datetime = STAMPED_AT
    is_dead: bool = False
    with_ocsp: bool = True
    statuses: dict[int, Status] = field(default_factory=dict)

    def ask(self, url: str, request: bytes) -> bytes:
        if self.is_dead or not self.with_ocsp:
            raise Unreachable(url)
        return answer_ocsp(
            self.hierarchy,
            request,
            status_of=lambda serial: self.statuses.get(serial, "good"),
            now=self.now,
        )

    def get(self, url: str) -> bytes:
        if self.is_dead:
            raise Unreachable(url)
        if url.endswith("/root"):
            return self.hierarchy.root_crl({}, now=self.now)
        make = delta_list if url.endswith("/delta") else full_list
        return make(self.hierarchy, {}, now=self.now)


def trust_in(hierarchy: Hierarchy) -> TrustDirectory:
    """Trust in the authority, its issuing certificate known."""
    return trust_of([hierarchy.root.certificate_der, hierarchy.issuing.certificate_der])


def extended(
    content: bytes, hierarchy: Hierarchy, wanted: Level, *, now: datetime = STAMPED_AT
) -> Extended:
    """The file with proof, everybody answering."""
    return extend(
        content=content,
        wanted=wanted,
        tsa=Stamps(hierarchy, now),
        trust=trust_in(hierarchy),
        fetcher=Services(hierarchy, now),
        now=now,
    )


def with_stamping_key(hierarchy: Hierarchy, *, until: datetime) -> Hierarchy:
    """The authority with another time-stamping key, valid until a moment."""
    subject = Subject(common_name="TIME-STAMPING AUTHORITY (ANOTHER KEY)", organisation="TEST")
    leaf = hierarchy.issue(
        subject,
        not_before=until - timedelta(days=400),
        not_after=until,
        roles=(),
        purpose=Purpose.TIME_STAMPING,
    )
    return replace(hierarchy, tsa=leaf)


def updated(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The file with an incremental update of somebody's making."""
    writer = SealWriter(BytesIO(content))
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()
