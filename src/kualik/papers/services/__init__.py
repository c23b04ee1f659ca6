"""Render the official papers."""

from kualik.papers.services.certificates import render_certificate
from kualik.papers.services.letters import (
    ReceiptFacts,
    RefusalFacts,
    render_receipt,
    render_refusal,
)
from kualik.papers.services.sealing import SealBlock

__all__ = [
    "ReceiptFacts",
    "RefusalFacts",
    "SealBlock",
    "render_certificate",
    "render_receipt",
    "render_refusal",
]
