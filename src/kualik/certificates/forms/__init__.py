"""The fields of the open check, of the register and of the ledger of blanks."""

from kualik.certificates.forms.blanks import (
    CountForm,
    DeliveryForm,
    FindBlankForm,
    GiveForm,
    PrinterForm,
    WriteOffForm,
)
from kualik.certificates.forms.register import (
    CheckCodeForm,
    CheckFileForm,
    CheckNumberForm,
    RegisterForm,
    SealPolicyForm,
    ShareForm,
    StandingForm,
)

__all__ = [
    "CheckCodeForm",
    "CheckFileForm",
    "CheckNumberForm",
    "CountForm",
    "DeliveryForm",
    "FindBlankForm",
    "GiveForm",
    "PrinterForm",
    "RegisterForm",
    "SealPolicyForm",
    "ShareForm",
    "StandingForm",
    "WriteOffForm",
]
