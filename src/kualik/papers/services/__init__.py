"""Render the official papers."""

from kualik.papers.services.cards import render_card
from kualik.papers.services.certificates import render_certificate
from kualik.papers.services.letters import (
    LetterFacts,
    ReceiptFacts,
    render_letter,
    render_receipt,
)
from kualik.papers.services.printing import printed
from kualik.papers.services.sealing import SealBlock
from kualik.papers.services.transcripts import (
    TranscriptFacts,
    TranscriptRow,
    TranscriptTotal,
    render_transcript,
)

__all__ = [
    "LetterFacts",
    "ReceiptFacts",
    "SealBlock",
    "TranscriptFacts",
    "TranscriptRow",
    "TranscriptTotal",
    "printed",
    "render_card",
    "render_certificate",
    "render_letter",
    "render_receipt",
    "render_transcript",
]
