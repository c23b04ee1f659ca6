"""The pages of complaints: for everyone, in the cabinet, in the office."""

from kualik.complaints.views.acts import assign, court, decide, forward, take, withdrawal
from kualik.complaints.views.filing import filed, filed_receipt, new
from kualik.complaints.views.office import case, file, office_list, receipt, show
from kualik.complaints.views.own import own, own_file, own_list, own_receipt, withdraw
from kualik.complaints.views.registering import register
from kualik.complaints.views.status import status

__all__ = [
    "assign",
    "case",
    "court",
    "decide",
    "file",
    "filed",
    "filed_receipt",
    "forward",
    "new",
    "office_list",
    "own",
    "own_file",
    "own_list",
    "own_receipt",
    "receipt",
    "register",
    "show",
    "status",
    "take",
    "withdraw",
    "withdrawal",
]
