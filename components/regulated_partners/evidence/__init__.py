"""`regulated-partners report`: a page for people who will never run a command.

Records that the other commands wrote (`records`) come in at `inputs`, are sorted by partner in `gathered`, judged in
`looks` and `claims`, and become the model in `report`; `page` and `picture` show it, `comparison` says what changed.
"""

from regulated_partners.evidence.comparison import compared
from regulated_partners.evidence.inputs import Source, read_earlier, read_inputs
from regulated_partners.evidence.page import as_html, as_svg
from regulated_partners.evidence.records import clean
from regulated_partners.evidence.report import Report, Standing
from regulated_partners.evidence.stacks import Asked, has_partners, make_report, partners_named

__all__ = [
    "Asked",
    "Report",
    "Source",
    "Standing",
    "as_html",
    "as_svg",
    "clean",
    "compared",
    "has_partners",
    "make_report",
    "partners_named",
    "read_earlier",
    "read_inputs",
]
