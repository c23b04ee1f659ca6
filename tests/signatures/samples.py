"""The values the tests of the room share."""

from datetime import UTC, datetime
from pathlib import Path

from kualik.signatures.adapters.authority import (
    LeafRequest,
    SignerRole,
    TestAuthority,
    make_authority,
    open_authority,
)

FONTS = Path(__file__).resolve().parents[2] / "node_modules" / "@expo-google-fonts" / "pt-serif"
PASSPHRASE = "a phrase for tests"
SEALED_AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PAGE = """
#set document(title: "Куәлік")
#set page(paper: "a4", flipped: true)
#set text(font: "PT Serif", lang: "kk")
= Куәлік
Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі: Жүнісова Айгүл Серікқызы
"""


def request_for(name: str) -> LeafRequest:
    return LeafRequest(
        holder_name=name,
        organisation="«Демо» медицина университеті",
        bin="990140000015",
        role=SignerRole.RIGHT_TO_SIGN,
    )


def authority_in(directory: Path) -> TestAuthority:
    make_authority(directory, passphrase=PASSPHRASE, now=SEALED_AT)
    return open_authority(directory, passphrase=PASSPHRASE)
