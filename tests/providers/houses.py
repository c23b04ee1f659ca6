"""A provider of the tests of this folder, and pictures made on the spot."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image

from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.providers.services import OfficeFacts, ProviderFacts, register_provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # Friday, 14:00 in Almaty
ACTOR = Actor("user:1", "provider_admin")
SIX_DAYS = dict.fromkeys(range(5), (510, 1050)) | {5: (540, 840)}
FIVE_DAYS = dict.fromkeys(range(5), (540, 1080))
OFFICE = OfficeFacts(
    name=Text("Оқу бөлімі", "Учебный отдел", "Training office"),
    address=Text("Абай даңғылы, 1", "проспект Абая, 1", "1 Abay avenue"),
    phones=("+7 (727) 300-00-01",),
    hours=SIX_DAYS,
    accessible=frozenset({"ramp", "waiting_hall"}),
)
PROVIDER = ProviderFacts(
    code="ULGI",
    bin="950240000112",
    kind="education",
    name=Text("Үлгі университеті", "Университет Үлгі", "Ulgi University"),
    city=Text("Алматы", "Алматы", "Almaty"),
)


def register(**changes) -> Provider:
    """The provider with its main office; ``changes`` are facts that differ."""
    facts = replace(PROVIDER, **changes)
    return register_provider(facts=facts, main_office=OFFICE, now=NOW, actor=ACTOR)


def refused(act, **facts) -> str:
    """The code of the violation that ``act`` raises."""
    with pytest.raises(RuleViolation) as caught:
        act(**facts)
    return caught.value.code


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **saved) -> bytes:
    """A picture with a red left half."""
    drawn = Image.new("RGB", size, (255, 255, 255))
    drawn.paste((200, 0, 0), (0, 0, size[0] // 2, size[1]))
    made = BytesIO()
    drawn.save(made, kind, **saved)
    return made.getvalue()
