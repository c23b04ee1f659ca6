"""The forms of the journey of a request."""

from kualik.cases.forms.office import (
    FilingForm,
    ReasonForm,
    RefusalForm,
    SearchForm,
    StatusForm,
    WithdrawalForm,
)

__all__ = [
    "FilingForm",
    "ReasonForm",
    "RefusalForm",
    "SearchForm",
    "StatusForm",
    "WithdrawalForm",
]
