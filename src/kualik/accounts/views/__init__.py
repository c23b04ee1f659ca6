"""The pages of accounts: the sign-in of staff, eGov IDP, consent, who looked."""

from kualik.accounts.views.absences import absence_cancel, absences
from kualik.accounts.views.consent import consent, withdraw
from kualik.accounts.views.idp import idp, idp_back
from kualik.accounts.views.looks import looks
from kualik.accounts.views.signing_in import (
    enrol,
    locked_out,
    login,
    logout,
    passkey_added,
    passkey_asked,
    passkey_offered,
    passkey_shown,
    profile,
    remove,
    second_factor,
)
from kualik.accounts.views.staffing import (
    invitation,
    staff_close,
    staff_invite,
    staff_list,
    staff_new,
    staff_one,
)
from kualik.accounts.views.tokens import (
    token_new,
    token_one,
    token_renew,
    token_revoke,
    tokens,
)

__all__ = [
    "absence_cancel",
    "absences",
    "invitation",
    "staff_close",
    "staff_invite",
    "staff_list",
    "staff_new",
    "staff_one",
    "consent",
    "enrol",
    "idp",
    "idp_back",
    "locked_out",
    "login",
    "logout",
    "looks",
    "passkey_added",
    "passkey_asked",
    "passkey_offered",
    "passkey_shown",
    "profile",
    "remove",
    "second_factor",
    "token_new",
    "token_one",
    "token_renew",
    "token_revoke",
    "tokens",
    "withdraw",
]
