"""`regulated-partners review`: what a plan does to mail, in words. `stacks` has the engine make the plans."""

from regulated_partners.review.gates import FAIL_ON, Gates, refusals
from regulated_partners.review.markdown import MAXIMUM, comment, issue, issue_title
from regulated_partners.review.rendering import as_json, show
from regulated_partners.review.report import ConnectorReview, Drift, Review, Setting, few
from regulated_partners.review.review import review_of

__all__ = [
    "FAIL_ON",
    "MAXIMUM",
    "ConnectorReview",
    "Drift",
    "Gates",
    "Review",
    "Setting",
    "as_json",
    "comment",
    "few",
    "issue",
    "issue_title",
    "refusals",
    "review_of",
    "show",
]
