"""What is asked of other systems of the state, and in which words: data of the installation."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kualik.gateway.models import Peer
from kualik.rules.language import Text

DATA = Path(__file__).resolve().parents[1] / "data"
USUAL, OF_DEMO = DATA / "registers.toml", DATA / "registers_demo.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentService:
    """КДП; ``words`` turns the status of its answer into a state of a consent."""

    service_id: str
    responsible: str
    lasts_minutes: int
    wait_minutes: int
    ask_again_seconds: int
    words: Mapping[str, str]

    @property
    def lasts(self) -> timedelta:
        return timedelta(minutes=self.lasts_minutes)

    @property
    def waits(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)

    @property
    def pause(self) -> timedelta:
        return timedelta(seconds=self.ask_again_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRegister:
    """ГБД ФЛ and its codes."""

    service_id: str
    sender_code: str
    data_name: str
    found: tuple[str, ...]
    absent: tuple[str, ...]
    alive: tuple[str, ...]
    papers: tuple[str, ...]
    paper_valid: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStore:
    """ХЭД; ``ok`` are the codes of its good answers, ``gone`` of a file that died."""

    service_id: str
    lasts_hours: int
    most_bytes: int
    ok: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def lasts(self) -> timedelta:
        return timedelta(hours=self.lasts_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneBook:
    """БМГ: the XML of a question and the element of the number; both empty where unknown."""

    service_id: str
    data_name: str
    request: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsAsked:
    """The digital documents service as the window asks it over the bus."""

    service_id: str
    namespace: str
    wait_minutes: int
    keep_minutes: int
    words: Mapping[str, str]

    @property
    def is_on(self) -> bool:
        return bool(self.service_id and self.namespace and self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """Our own documents for the digital documents service; ``senders`` alone may ask."""

    service_id: str
    namespace: str
    senders: tuple[str, ...]
    type_code: str
    type_kk: str
    type_ru: str
    type_en: str

    @property
    def kind(self) -> Text:
        """What such a document is called there."""
        return Text(self.type_kk, self.type_ru, self.type_en)

    @property
    def is_on(self) -> bool:
        return bool(self.service_id and self.namespace and self.senders and self.type_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """All of them; ``unset`` names what nobody has filled in, as "section.name"."""

    consent: ConsentService
    persons: PersonRegister
    files: FileStore
    phones: PhoneBook
    documents: DocumentsAsked
    supplier: Supplier
    unset: tuple[str, ...] = field(default=())


def registers() -> Registers:
    """Those of this installation. Raises ImproperlyConfigured for a file that cannot be read."""
    if settings.REGISTERS:
        return load_registers(Path(settings.REGISTERS))
    return load_registers(OF_DEMO if settings.DEMO else None)


@cache
def load_registers(over: Path | None) -> Registers:
    """The usual data, the values of ``over`` in place of theirs."""
    try:
        rows = _rows_of(USUAL)
        for name, values in _rows_of(over).items():
            rows[name] |= values
        return _read(rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(f"KUALIK_REGISTERS: {over}: {error}") from error


def _read(rows: Mapping[str, Any]) -> Registers:
    return Registers(
        consent=ConsentService(**rows["consent"]),
        persons=PersonRegister(**_as_tuples(rows["persons"])),
        files=FileStore(**_as_tuples(rows["files"])),
        phones=PhoneBook(**rows["phones"]),
        documents=DocumentsAsked(**rows["documents"]),
        supplier=Supplier(**_as_tuples(rows["supplier"])),
        unset=tuple(_empty(rows)),
    )


def usual_peer() -> Peer | None:
    """The channel by which other systems are asked: the first active one with an address."""
    return Peer.objects.filter(is_active=True).exclude(sync_url="").order_by("pk").first()


def _rows_of(file: Path | None) -> dict[str, Any]:
    return {} if file is None else tomllib.loads(file.read_text(encoding="utf-8"))


def _as_tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def _empty(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        f"{section}.{name}"
        for section, row in rows.items()
        for name, value in row.items()
        if value in ("", [], {})
    ]
