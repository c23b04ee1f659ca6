"""Pages of figures, packs and clauses."""

from kualik.oversight.views.books import books, compare
from kualik.oversight.views.clauses import law, proofs
from kualik.oversight.views.evidence import evidence
from kualik.oversight.views.figures import figures, figures_csv, figures_xlsx
from kualik.oversight.views.open import public_figures
from kualik.oversight.views.reports import make, reports

__all__ = [
    "books",
    "compare",
    "evidence",
    "figures",
    "figures_csv",
    "figures_xlsx",
    "law",
    "make",
    "proofs",
    "public_figures",
    "reports",
]
