"""Pages of figures, packs and clauses."""

from kualik.oversight.views.books import books
from kualik.oversight.views.clauses import law, proofs
from kualik.oversight.views.evidence import evidence

__all__ = ["books", "evidence", "law", "proofs"]
