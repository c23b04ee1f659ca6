"""The service in figures: counted in the database, shown by pages, files and the signed report."""

from kualik.oversight.queries.figures.charts import Chart, charts_of
from kualik.oversight.queries.figures.periods import (
    Period,
    days,
    ended_months,
    month_of,
    offered_periods,
    period_of,
)
from kualik.oversight.queries.figures.public import PublicRow, public_rows
from kualik.oversight.queries.figures.requests import Scope, Spread, spread
from kualik.oversight.queries.figures.tables import (
    Figures,
    Share,
    Table,
    figures_of,
    said,
    tables_of,
)

__all__ = [
    "Chart",
    "Figures",
    "Period",
    "PublicRow",
    "Scope",
    "Share",
    "Spread",
    "Table",
    "charts_of",
    "days",
    "ended_months",
    "figures_of",
    "month_of",
    "offered_periods",
    "period_of",
    "public_rows",
    "said",
    "spread",
    "tables_of",
]
