"""`regulated-partners review` as a pipeline runs it: a process, its output and its exit code."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from regulated_partners.markdown import marker
from tests.regulated_partners.review.recordings import PLANS
from tests.support.terminal import written_to

ROOT = Path(__file__).parents[3]


def _run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "regulated_partners", "review", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _plan(name: str) -> str:
    return str(PLANS / f"{name}.json")


def test_a_file_and_standard_input_give_the_same_markdown() -> None:
    """`pulumi preview --json | regulated-partners review` would not work in a pipeline."""
    by_file = _run(_plan("several"))
    by_pipe = _run(stdin=Path(_plan("several")).read_text(encoding="utf-8"))
    assert by_file.returncode == by_pipe.returncode == 0, by_file.stderr
    assert by_file.stdout == by_pipe.stdout
    assert by_file.stdout.startswith(marker("review", "dev"))


def test_gates_end_it_with_1_and_their_sentences() -> None:
    """A pipeline would go on with a change that it was told to stop, or the log would not say why it stopped."""
    stopped = _run(_plan("several"), "--fail-on", "weakens", "--max-changed", "30%")
    assert stopped.returncode == 1
    assert "3 of 4 partners change or go away" in stopped.stderr
    assert "Humongous Insurance: mail from humongousinsurance.com is accepted without TLS too" in stopped.stderr
    assert "may not be applied" in stopped.stdout
    passed = _run(_plan("weakened-acknowledged"), "--fail-on", "weakens", "--max-changed", "30%")
    assert (passed.returncode, passed.stderr) == (0, "")
    risky = _run(_plan("smart-host-changed"), "--fail-on", "outage-risk")
    assert risky.returncode == 1


def test_json_says_it_all() -> None:
    """A pipeline that wants more than an exit code would have to read Markdown."""
    answer = _run(_plan("drift-on-the-same-property"), "--json", "--fail-on", "weakens")
    content = json.loads(answer.stdout)
    assert (answer.returncode, content["passes"], content["stack"]) == (0, True, "dev")
    (partner,) = content["partners"]
    assert (partner["name"], partner["classes"]) == ("Woodgrove Hospital", ["outage risk", "strengthens"])
    (connector,) = partner["connectors"]
    assert {"parameter": "TlsSettings", "before": "CertificateValidation", "after": "DomainValidation"} in connector[
        "settings"
    ]
    (drift,) = content["drift"]
    assert drift["effects"][0]["class"] == "weakens"


def test_a_saved_plan_needs_the_state() -> None:
    """The approved plan could not be reviewed; or it would be reviewed without saying what is there now."""
    alone = _run(_plan("several.plan"))
    assert alone.returncode == 2
    assert "--state" in alone.stderr
    assert "Traceback" not in alone.stderr
    whole = _run(_plan("several.plan"), "--state", _plan("several.state"), "--fail-on", "weakens")
    assert whole.returncode == 1
    assert "Humongous Insurance goes away: weakens" in whole.stdout
    other = _run(_plan("several.plan"), "--state", _plan("several"))
    assert other.returncode == 2
    assert "not what `pulumi stack export` writes" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ((), "", "standard input is empty"),
        ((), "Previewing update (dev)", "standard input is not JSON"),
        ((), "[1, 2]", "not what `pulumi preview --json` writes"),
        ((), '{"steps": []}', "has no steps at all"),
        (("missing.json",), "", "missing.json cannot be read"),
        ((_plan("refused-by-check"),), "", "inboundConnectors[0].nonsense: no parameter of inbound connectors"),
        ((_plan("nothing"), "--fail-on", "weaken"), "", "write weakens or outage-risk"),
        ((_plan("nothing"), "--max-changed", "a lot"), "", "no share"),
    ],
)
def test_what_cannot_be_reviewed_ends_with_2_and_a_sentence(arguments: tuple[str, ...], stdin: str, said: str) -> None:
    """A pipeline could take a failed preview for a change without effects, or its log would show a traceback."""
    answer = _run(*arguments, stdin=stdin)
    assert answer.returncode == 2
    assert said in " ".join(answer.stderr.replace("│", " ").split())
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_a_terminal_gets_colour_and_no_markdown() -> None:
    """Somebody who runs it by hand would read Markdown."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "regulated_partners", "review", _plan("switched-off")],
        cwd=ROOT,
        stdout=follower,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"} | {"NO_COLOR": ""},
    ):
        os.close(follower)
        shown = written_to(leader)
    os.close(leader)
    text = shown.decode()
    assert "\x1b[1;31mweakens" in text
    assert "Fabrikam Bank" in text
    assert "<!--" not in text
    assert "**" not in text
