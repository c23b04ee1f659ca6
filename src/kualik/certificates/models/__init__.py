"""The register of certificates, the papers around it and the blanks."""

from kualik.certificates.models.blanks import (
    Blank,
    BlankCount,
    BlankReceipt,
    PrinterSetting,
    Printing,
)
from kualik.certificates.models.letters import (
    Letter,
    LetterSeries,
    Share,
)
from kualik.certificates.models.register import (
    Certificate,
    NumberSeries,
    PersonSignature,
    Preservation,
    SealPolicy,
)

__all__ = [
    "Blank",
    "BlankCount",
    "BlankReceipt",
    "Certificate",
    "Letter",
    "LetterSeries",
    "NumberSeries",
    "PersonSignature",
    "Preservation",
    "PrinterSetting",
    "Printing",
    "SealPolicy",
    "Share",
]
