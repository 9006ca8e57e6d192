"""A run as JUnit XML, which pipelines show as test results."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from regulated_partners.probing.verdicts import Judgement, Level, Verdict
from regulated_partners.verify.evidence import Run

#: Characters that XML 1.0 cannot hold at all. Source: XML 1.0, Char.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(run: Run) -> str:
    """One test case for each judgement; a failed one is a failure, one that could not be judged an error."""
    cases = [_case(each, run.command) for each in run.judgements]
    failures = sum(each.verdict is Verdict.FAILED for each in run.judgements)
    errors = sum(each.verdict in (Verdict.UNKNOWN, Verdict.NOT_REACHABLE) for each in run.judgements)
    head = (
        f'<testsuite name={_attribute(run.command)} tests="{len(cases)}" failures="{failures}" errors="{errors}" '
        f'timestamp="{run.started:%Y-%m-%dT%H:%M:%S}">'
    )
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>"]) + "\n"


def _case(judgement: Judgement, command: str) -> str:
    where = [judgement.partner, judgement.direction.word if judgement.direction else None]
    classname = ".".join([command.replace(" ", "."), *(part for part in where if part)])
    opening = f"  <testcase classname={_attribute(classname)} name={_attribute(judgement.subject)}"
    if judgement.verdict in (Verdict.PASSED, Verdict.WARNING):
        return f"{opening}>{_output(judgement)}</testcase>"
    element = "failure" if judgement.verdict is Verdict.FAILED else "error"
    errors = [each for each in judgement.findings if each.level is Level.ERROR] or list(judgement.findings)
    message = errors[0].text if errors else judgement.verdict.value
    problem = f"<{element} type={_attribute(judgement.verdict.value)} message={_attribute(message)}/>"
    return f"{opening}>{problem}{_output(judgement)}</testcase>"


def _output(judgement: Judgement) -> str:
    lines = [f"{each.level.value}: {each.text}" for each in judgement.findings]
    lines += [f"{fact.name}: {fact.value}" for fact in judgement.facts]
    return f"<system-out>{escape(_legal(chr(10).join(lines)))}</system-out>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
