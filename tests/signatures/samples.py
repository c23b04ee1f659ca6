"""The values the tests of the room share."""

from datetime import UTC, datetime
from pathlib import Path

from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.test_authority import Hierarchy, Role, Subject, sealing_key

FONTS = Path(__file__).resolve().parents[2] / "node_modules" / "@expo-google-fonts" / "pt-serif"
PASSPHRASE = "a phrase for tests"
SEALED_AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SYSTEM_NAME = "KUALIK TEST КУӘЛІКТЕР ЖҮЙЕСІ"
OF_A_SYSTEM = (Role.LEGAL_ENTITY, Role.INFORMATION_SYSTEM)
PAGE = """
#set document(title: "Куәлік")
#set page(paper: "a4", flipped: true)
#set text(font: "PT Serif", lang: "kk")
= Куәлік
Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі: Жүнісова Айгүл Серікқызы
"""


def seal_of(hierarchy: Hierarchy, name: str = SYSTEM_NAME) -> LoadedKey:
    """The key of an organisation's system, valid from the moment of sealing."""
    subject = Subject(
        common_name=name, organisation="«Демо» медицина университеті", bin="990140000015"
    )
    return sealing_key(hierarchy.issue(subject, not_before=SEALED_AT, roles=OF_A_SYSTEM))
