"""Keys of the demonstration's authorities; on a real installation there are none.

One authority per scheme lies under ``KEYS_ROOT/test-authority``; the program that serves them
reads the same folder.
"""

# ruff: noqa: PT028 -- these functions make keys for tests and are none themselves

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from kualik.core import clock
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.adapters.online import RevocationFetcher, Unreachable
from kualik.signatures.adapters.test_authority import (
    OWNER,
    Hierarchy,
    Leaf,
    Role,
    Scheme,
    Subject,
    TestKey,
    answered,
    new_key,
    open_hierarchy,
    published,
    register,
    sealing_key,
    status_of,
)
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import owner_of, usable_keys
from kualik.signatures.services.keys import keep_key
from kualik.signatures.services.trusting import TEST_SCHEMES, test_authority_root

SYSTEM_NAME: Final = f"{OWNER} КУӘЛІКТЕР ЖҮЙЕСІ"
ISSUED_BEFORE: Final = timedelta(days=30)
Roles = Sequence[Role | str]

_leaves: dict[tuple[object, ...], Leaf] = {}


def ensure_test_authorities(*, now: datetime) -> None:
    """Make the demonstration's authorities unless they are there, and name their address anew.

    Raises ``test_keys_only_on_demonstration``, as everything here does.
    """
    for scheme in TEST_SCHEMES:
        _opened(scheme, now)


def test_hierarchy(scheme: Scheme | str) -> Hierarchy:
    """The authority of a scheme with its keys, made when there is none."""
    return _opened(Scheme(scheme), clock.now())


@transaction.atomic
def enrol_test_key(*, provider: Provider | None, now: datetime, actor: Actor) -> SigningKey:
    """A key for the provider's system, valid for a year from ``now``; a usable one is kept.

    Without a provider it is the operator's. The certificate names the organisation and no person.
    """
    owner = owner_of(provider)
    authority = _opened(Scheme.RSA, now)
    present = usable_keys(provider=provider, now=now).filter(is_test=True).first()
    if present is not None:
        return present
    subject = Subject(common_name=SYSTEM_NAME, organisation=owner.name, bin=owner.bin)
    leaf = authority.issue(
        subject,
        not_before=now,
        roles=(Role.LEGAL_ENTITY, Role.INFORMATION_SYSTEM),
        key=_pair_of(owner.bin),
    )
    register(_directory(Scheme.RSA), leaf)
    return keep_key(
        sealing_key(leaf),
        provider=provider,
        label=f"{OWNER} {owner.code}",
        is_test=True,
        now=now,
        actor=actor,
    )


def test_person_leaf(
    *,
    name: str,
    iin: str,
    organisation: str = "",
    bin: str = "",
    roles: Roles = (),
    scheme: Scheme | str = Scheme.RSA,
    now: datetime,
) -> Leaf:
    """A person's signing key that is valid at ``now`` and known to the served authority.

    ``name`` is "surname given patronymic". ``roles`` are identifiers or the names that verdicts
    tell ("first_head"); without any it is an individual, with a BIN one with the right to sign.
    Asked again, the same process gives the same key.
    """
    authority = _opened(Scheme(scheme), now)
    named = _roles(roles, has_organisation=bool(bin))
    # A certificate names the address where its authority answers.
    whose = (authority.root.certificate_der, settings.TEST_AUTHORITY_URL)
    asked = (*whose, name, iin, organisation, bin, named)
    leaf = _leaves.get(asked)
    if leaf is None or not read_certificate(leaf.certificate_der).covers(now):
        subject = _person(name, iin=iin, organisation=organisation, bin=bin)
        leaf = authority.issue(subject, not_before=now - ISSUED_BEFORE, roles=named)
        _leaves[asked] = leaf
    directory = _directory(authority.scheme)
    # The same authority may lie in another folder by now, where nobody knows the key yet.
    if status_of(directory, leaf.serial) == "unknown":
        register(directory, leaf)
    return leaf


def test_fetcher(*, now: datetime) -> RevocationFetcher:
    """What the services of the authorities would answer at ``now``, without any network."""
    _only_on_a_demonstration()
    return _TestFetcher(test_authority_root(), now)


@dataclass(frozen=True, slots=True)
class _TestFetcher:
    root: Path
    now: datetime

    def ask(self, url: str, request: bytes) -> bytes:
        reply = answered(self.root, urlsplit(url).path, request, now=self.now)
        if reply is None:
            raise Unreachable("not an address of a test authority")
        return reply.body

    def get(self, url: str) -> bytes:
        reply = published(self.root, urlsplit(url).path, now=self.now)
        if reply is None:
            raise Unreachable("not an address of a test authority")
        return reply.body


@cache
def _pair_of(bin: str) -> TestKey:
    """The key pair of an organisation, made once in a process: making one takes a tenth of a
    second, and another certificate may name the same pair."""
    return new_key(Scheme.RSA)


def _opened(scheme: Scheme, now: datetime) -> Hierarchy:
    _only_on_a_demonstration()
    Path(settings.KEYS_ROOT).mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_hierarchy(
        _directory(scheme),
        scheme=scheme,
        now=now,
        base_url=f"{settings.TEST_AUTHORITY_URL}/{scheme}",
    )


def _directory(scheme: Scheme) -> Path:
    return test_authority_root() / scheme


def _only_on_a_demonstration() -> None:
    if not settings.DEMO:
        raise RuleViolation("test_keys_only_on_demonstration")


def _person(name: str, *, iin: str, organisation: str, bin: str) -> Subject:
    surname, _, rest = name.upper().partition(" ")
    given, _, patronymic = rest.partition(" ")
    return Subject(
        surname=surname,
        given_name=given,
        patronymic=patronymic,
        iin=iin,
        organisation=organisation,
        bin=bin,
        mark=OWNER,
    )


def _roles(roles: Roles, *, has_organisation: bool) -> tuple[str, ...]:
    """Identifiers; a role in an organisation is told together with that of its kind."""
    default = Role.RIGHT_TO_SIGN if has_organisation else Role.INDIVIDUAL
    found = [_role(role) for role in roles] or [default.value]
    if any(role.startswith(f"{Role.LEGAL_ENTITY}.") for role in found):
        found.insert(0, Role.LEGAL_ENTITY.value)
    return tuple(dict.fromkeys(found))


def _role(role: Role | str) -> str:
    if isinstance(role, Role):
        return role.value
    return Role[role.upper()].value if role.upper() in Role.__members__ else role
