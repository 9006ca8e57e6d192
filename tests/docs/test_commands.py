"""Every command of the pages for people is run, and writes what its page shows; or its page says who else runs it, or
why nobody does.

All of them are one story, in one working copy: the example partners on its own emulator; then a stack `test`, for which
that emulator stands in for a tenant of Microsoft's cloud, as in docs/first-partner.md.
"""

from __future__ import annotations

import ast
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from exchange_online_emulator import ConnectionFile
from regulated_partners.engine.environment import LOCAL_PASSPHRASE, WITHOUT_SIDE_FILES
from regulated_partners.partners import read_stack
from tests.docs.blocks import Block, Command, blocks, blocks_of, shows
from tests.pipelines.working_copy import WorkingCopy
from tools.site import ROOT, pages

#: The connectors of the tenant that docs/adopt.md looks at.
GROWN: dict[str, list[dict[str, object]]] = {
    "inbound": [
        {
            "Name": "Contoso in",
            "SenderDomains": ["contoso.com"],
            "RestrictDomainsToIPAddresses": True,
            "SenderIPAddresses": ["198.51.100.10"],
        },
        {
            "Name": "Inbound from 4f0c4f5e-7a56-4c5f-9a55-d9f1f8f0f2a1",
            "SenderDomains": ["*"],
            "ConnectorType": "OnPremises",
            "ConnectorSource": "HybridWizard",
        },
        {
            "Name": "Inbound from Fabrikam",
            "SenderDomains": ["fabrikam.com"],
            "RestrictDomainsToCertificate": True,
            "TlsSenderCertificateName": "mail.fabrikam.com",
            "Comment": "SEC-1234, owner messaging team",
        },
        {
            "Name": "Mail gateway",
            "SenderDomains": ["*"],
            "RestrictDomainsToCertificate": True,
            "TlsSenderCertificateName": "*.gateway.example",
        },
    ],
    "outbound": [
        {
            "Name": "Contoso out",
            "RecipientDomains": ["contoso.com"],
            "TlsSettings": "CertificateValidation",
            "UseMXRecord": False,
            "SmartHosts": ["relay.contoso.com"],
        },
        {"Name": "Litware out", "RecipientDomains": ["litware.com"], "UseMXRecord": False},
        {
            "Name": "Outbound to Fabrikam",
            "RecipientDomains": ["fabrikam.com"],
            "TlsSettings": "DomainValidation",
            "TlsDomain": "mail.fabrikam.com",
            "Comment": "SEC-1234, owner messaging team",
        },
        {"Name": "Validation 1", "RecipientDomains": ["proseware.com"], "TestMode": True},
    ],
}

#: What stands between two commands in what a block writes.
_END = f"end-{secrets.token_hex(8)}"


@dataclass(frozen=True)
class Written:
    """What a command wrote.

    Attributes:
        command: as it was typed.
        stdout: the result.
        stderr: progress and errors.
        exit_code: its own.
    """

    command: str
    stdout: str
    stderr: str
    exit_code: int

    def __str__(self) -> str:
        return f"`{self.command}` ended with {self.exit_code} and wrote:\n{self.stdout}\n{self.stderr}"


@dataclass
class Story:
    """A working copy in which blocks are run one after another.

    Attributes:
        clone: the working copy.
        written: what each command of a block wrote, by the name of the block.
        variables: of every command from here on.
    """

    clone: WorkingCopy
    written: dict[str, list[Written]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def tell(self, name: str, commands: tuple[Command, ...]) -> None:
        """Runs the commands of a block, after what has to be so before it.

        Raises:
            AssertionError: one ended with another exit code than is expected, so the story does not go on.
        """
        if prepare := BEFORE[name]:
            prepare(self)
        self.written[name] = []
        for command in commands:
            done = self._run(command.text)
            assert (done.exit_code != 0) is (name in FAILING), f"{name}: {done}"
            self.written[name].append(done)

    def _run(self, command: str) -> Written:
        done = self.clone.run(f"set +e\n{{ {command}\n}} 2>stderr\necho {_END} $?", **self.variables)
        stdout, _, code = done.output.rpartition(_END)
        # A page has no place: its files are those of the working copy.
        place = f"{self.clone.directory}/"
        return Written(command, stdout.replace(place, ""), self.clone.read("stderr").replace(place, ""), int(code))

    @property
    def example(self) -> Path:
        """The file of the example stack."""
        return self.clone.directory / "stacks" / "Pulumi.dev.yaml"


def _as_committed(story: Story) -> None:
    kept = yaml.safe_load(story.example.read_text(encoding="utf-8"))
    assert kept["encryptionsalt"]
    shutil.copy(ROOT / "stacks" / story.example.name, story.example)


def _somebody_turns_tls_off(story: Story) -> None:
    _as_committed(story)
    parameters = {"Identity": "Fabrikam Bank - inbound", "RequireTls": False}
    story.clone.control.invoke("Set-InboundConnector", parameters)


def _plain_pulumi(story: Story) -> None:
    """What `regulated-partners env` exports for the stack dev."""
    state = story.clone.directory / ".state"
    story.variables = {
        "PULUMI_BACKEND_URL": state.as_uri() + WITHOUT_SIDE_FILES,
        "PULUMI_CONFIG_PASSPHRASE": LOCAL_PASSPHRASE,
    }


def _test_tenant(story: Story) -> None:
    """The stack of docs/first-partner.md; the emulator stands in for Microsoft's cloud."""
    page = (ROOT / "docs" / "first-partner.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"<!-- stack: test -->\n```yaml\n(.*?)```\n", page, re.DOTALL)
    at = ConnectionFile.read(story.clone.directory / ".emulator" / "connection.json")
    declared = yaml.safe_load(written)["config"]
    settings = {
        "tenant": at.tenant,
        "clientId": at.client_id,
        "host": at.url,
        "authority": at.authority,
        "scope": at.scope,
        "caBundle": str(at.ca_bundle),
    }
    named = {f"regulated-partners:{name}": value for name, value in settings.items()}
    assert declared["regulated-partners:cloud"] == "commercial"
    story.clone.write("Pulumi.test.yaml", {"config": declared | named})
    (story.clone.directory / ".state").mkdir(exist_ok=True)
    story.variables = {
        "AZURE_CLIENT_SECRET": at.client_secret,
        "PULUMI_BACKEND_URL": (story.clone.directory / ".state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "any",
    }


def _grown_tenant(story: Story) -> None:
    """The connectors of docs/adopt.md, and a stack that has none of them."""
    story.clone.control.reset()
    story.clone.control.seed(inbound=GROWN["inbound"], outbound=GROWN["outbound"])
    story.example.unlink()
    story.clone.declare("dev", partners=[])
    empty = story.clone.directory / ".empty"
    empty.mkdir()
    story.variables = {"PULUMI_BACKEND_URL": empty.as_uri(), "PULUMI_CONFIG_PASSPHRASE": "any"}


#: The names of the blocks that are run, in their order, each with what has to be so before.
BEFORE: dict[str, Callable[[Story], None] | None] = {
    "make-up": None,
    "a-change": None,
    "drift": _somebody_turns_tls_off,
    "outputs": _plain_pulumi,
    "inventory": _test_tenant,
    "first-up": None,
    "no-drift": None,
    "adopt": _grown_tenant,
}

#: Those that end with an exit code of their own, as their pages say.
FAILING = {"drift"}

BLOCKS = blocks()


def _run_here() -> tuple[Block, ...]:
    return tuple(block for block in BLOCKS if block.kind == "run")


@pytest.mark.engine
def test_commands_write_what_their_pages_show(tmp_path: Path) -> None:
    """Failing means that a reader who types what a page says sees something else than the page shows.

    One test, because the workers of `make test` would each tell the story for the blocks that they get.
    """
    clone = WorkingCopy(tmp_path)
    shutil.copytree(ROOT / "stacks", clone.directory / "stacks", dirs_exist_ok=True)
    (clone.directory / ".venv").symlink_to(sys.prefix)
    story = Story(clone)
    first = {block.text: block for block in reversed(_run_here())}
    try:
        for name in BEFORE:
            story.tell(name, first[name].commands)
    finally:
        clone.stop()
    complaints = [complaint for block in _run_here() for complaint in _differences(block, story.written[block.text])]
    assert not complaints, "\n\n".join(complaints)


def _differences(block: Block, told: list[Written]) -> Iterator[str]:
    """What a block shows otherwise than its commands wrote. Blocks of one name are run once, by the first of them."""
    written = iter(told)
    for command in block.commands:
        found = next((one for one in written if _typed(one.command) == _typed(command.text)), None)
        if found is None:
            yield f"{block.place}: `{command.text}` is not in the first block that is named {block.text}."
            return
        if "Traceback" in found.stdout + found.stderr:
            yield f"{block.place}: a traceback. {found}"
        # On a terminal progress and errors stand beside the result; a page may leave them out.
        if not any(shows(command.shown, text) for text in (found.stdout, found.stdout + found.stderr)):
            yield f"{block.place}: the page shows something else. {found}"


def test_every_command_has_somebody_who_runs_it() -> None:
    """Failing means that a page shows a command which nobody has tried, and does not say so."""
    complaints = []
    for block in BLOCKS:
        if not block.kind:
            complaints.append(
                f"{block.place}: nothing says who runs these commands. Write above the block <!-- run: NAME -->, and "
                "the name into BEFORE of tests/docs/test_commands.py; or <!-- run by: tests/FILE.py::TEST -->; or "
                "<!-- not run: WHY -->."
            )
        elif block.kind == "run" and block.text not in BEFORE:
            complaints.append(f"{block.place}: enter {block.text} into BEFORE of tests/docs/test_commands.py.")
        elif block.kind == "run by":
            complaints += [f"{block.place}: {complaint}" for complaint in _not_run_by(block)]
        elif not block.commands:
            complaints.append(f"{block.place}: a block of commands begins each with `$ `.")
    complaints += [f"BEFORE has {name}, and no page shows it." for name in BEFORE if name not in _names()]
    assert complaints == []
    assert len(BLOCKS) > 30


def test_the_mistakes_of_the_readme() -> None:
    """Failing means that the README promises other errors than a mistaken declaration gets.

    The last line, the sum of them, is compared by tests/engine/test_declarations.py.
    """
    examples = yaml.safe_load((ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
    wrong = {"name": "Northwind Health", "domains": ["mail.*.org"], "certificatName": "mail.northwindhealth.org"}
    examples["regulated-partners:partners"].append(wrong)
    said = [f"error: {finding}" for finding in read_stack(examples).findings if finding.is_error]
    (block,) = (block for block in BLOCKS if "test_the_mistakes_of_the_readme" in block.text)
    assert list(block.commands[0].shown)[1:-1] == said


def test_no_command_hides_in_an_indented_block() -> None:
    """Failing means that a page shows a command which none of these tests sees."""
    for page in pages():
        text = re.sub(
            r"^ *(`{3,}).*?^ *\1", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        hidden = re.findall(r"^(?: {4,}|\t)(?:\$ |make |pulumi |regulated-partners |\.venv/).*", text, re.MULTILINE)
        assert hidden == [], page


@pytest.mark.parametrize(
    ("shown", "written", "fits"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("b", "a\nb\n", False),
        ("…\nb", "a\na\nb\n", True),
        ("...\nb\n...", "b\n", True),
        ("id … end", "id 1 2 end  ", True),
        ("id …", "other", False),
        ("275ce7a6-dd00-4450-ad05-3ddf4c779ae8 (3s)", "00000000-dd00-4450-ad05-3ddf4c779ae8 (0.29s)", True),
        ("", "", True),
        ("", "something", True),
    ],
)
def test_what_counts_as_shown(shown: str, written: str, fits: bool) -> None:
    """Failing means that the test above passes for a page that shows something else, or fails for one that does not."""
    assert shows(tuple(shown.splitlines()), written) is fits


def test_marks_are_found_wherever_a_block_stands() -> None:
    """Failing means that a block in a list, or one within another, is not seen, so that nobody asks who runs it."""
    page = (
        "- item\n\n   <!-- not run: why -->\n   ```sh\n   $ one # comment\n   said\n\n   $ two\n   ```\n"
        "````markdown\n```console\n$ inner\n```\n````\n```console\n$ three\n```\n"
    )
    first, second = blocks_of("p.md", page)
    assert (first.kind, first.text, first.line) == ("not run", "why", 4)
    assert first.commands == (Command("one # comment", ("said",)), Command("two", ()))
    assert (second.kind, second.commands) == ("", (Command("three", ()),))


def _typed(command: str) -> str:
    return command.partition("#")[0].strip()


def _names() -> set[str]:
    return {block.text for block in _run_here()}


def _not_run_by(block: Block) -> Iterator[str]:
    """What is wrong with the tests that a block names: they are not there, or know nothing of what it does."""
    known = ""
    for named in block.text.split(", "):
        file, _, test = named.partition("::")
        path = ROOT / file
        source = path.read_text(encoding="utf-8") if path.is_file() and file.startswith("tests/") else ""
        if not any(isinstance(one, ast.FunctionDef) and one.name == test for one in ast.parse(source).body):
            yield f"there is no test {named}; name the one that runs these commands."
        known += source
    for operation in block.operations:
        if not re.search(rf"\b{operation}\b", known):
            yield f"nothing in the tests that it names runs `{operation}`; name another one beside them."
