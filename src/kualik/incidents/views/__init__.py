"""Pages of incidents: what everybody may know, the list, one incident, its report."""

from kualik.incidents.views.acting import cancel, end, measures, notice, send, upload
from kualik.incidents.views.declaring import declare, decline, proposal
from kualik.incidents.views.files import archive, draft, draft_text, protocol
from kualik.incidents.views.open import public
from kualik.incidents.views.showing import office_list, show
from kualik.incidents.views.signing import sign

__all__ = [
    "archive",
    "cancel",
    "declare",
    "decline",
    "draft",
    "draft_text",
    "end",
    "measures",
    "notice",
    "office_list",
    "proposal",
    "protocol",
    "public",
    "send",
    "show",
    "sign",
    "upload",
]
