"""Render the official papers."""

from kualik.papers.services.blanks import render_on_blank, render_ruler
from kualik.papers.services.cards import render_card
from kualik.papers.services.certificates import check_certificate, render_certificate
from kualik.papers.services.letters import (
    LetterFacts,
    ReceiptFacts,
    render_letter,
    render_receipt,
)
from kualik.papers.services.premises import PremisesFacts, render_premises
from kualik.papers.services.printing import printed
from kualik.papers.services.protocols import (
    ProtocolFacts,
    protocol_text,
    protocol_words,
    render_protocol,
)
from kualik.papers.services.reports import ReportFacts, ReportTable, render_report
from kualik.papers.services.samples import render_sample
from kualik.papers.services.sealing import SealBlock
from kualik.papers.services.slips import SlipFacts, SlipMandate, render_slip
from kualik.papers.services.tickets import TicketFacts, render_ticket
from kualik.papers.services.transcripts import (
    TranscriptFacts,
    TranscriptRow,
    TranscriptTotal,
    render_transcript,
)

__all__ = [
    "LetterFacts",
    "PremisesFacts",
    "ProtocolFacts",
    "ReceiptFacts",
    "ReportFacts",
    "ReportTable",
    "SealBlock",
    "SlipFacts",
    "SlipMandate",
    "TicketFacts",
    "TranscriptFacts",
    "TranscriptRow",
    "TranscriptTotal",
    "check_certificate",
    "printed",
    "protocol_text",
    "protocol_words",
    "render_card",
    "render_certificate",
    "render_letter",
    "render_on_blank",
    "render_premises",
    "render_protocol",
    "render_receipt",
    "render_report",
    "render_ruler",
    "render_sample",
    "render_slip",
    "render_ticket",
    "render_transcript",
]
