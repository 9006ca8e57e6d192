"""When `up` and `destroy` skip the engine's checkpoints by themselves, and when they must not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exchange_online.connectors import Direction
from exchange_online.names import Face
from regulated_partners.engine.checkpoints import MANY, changes, checkpoints
from regulated_partners.engine.environment import SKIP_CHECKPOINTS
from regulated_partners.engine.install.cache import EXECUTABLES
from regulated_partners.engine.pulumi_cli import Operation, PulumiCli
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.partners.stack_file import read_stack_file
from tests.regulated_partners.engine.installing import PINNED, script
from tests.regulated_partners.engine.test_subcommands import ELSEWHERE, run
from tests.support.engine import ROOT

INBOUND_TOKEN, OUTBOUND_TOKEN = (direction.token(Face.DYNAMIC) for direction in Direction)
NATIVE_TOKEN = Direction.INBOUND.token(Face.NATIVE)
COMPONENT_TOKEN = COMPONENT_TOKENS[Face.DYNAMIC]

#: A `pulumi` with a state, that says whether it was told to skip checkpoints.
PRETEND = f"""
[ "$1" = version ] && echo v{PINNED} && exit 0
[ "$2" = export ] && cat "$EXPORT" && exit 0
echo "$1 ${{PULUMI_SKIP_CHECKPOINTS:-kept}}" >> "$CALLS"
[ "$1" = stack ] || exit "${{EXIT:-0}}"
"""
ENOUGH = MANY // 2
OTHERS = {
    "urn": "urn:pulumi:staging::mail::random:index:RandomPet::pet",
    "type": "random:index:RandomPet",
    "id": "a-pet",
}
STACK = {"urn": "urn:pulumi:staging::mail::pulumi:pulumi:Stack::mail-staging", "type": "pulumi:pulumi:Stack"}


def partner(number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"Partner {number}",
        "domains": [f"p{number}.example"],
        "certificateName": f"mx.p{number}.example",
        **more,
    }


def recorded(number: int) -> list[dict[str, Any]]:
    """A partner in the state."""
    of = "urn:pulumi:staging::mail::"
    return [
        {"urn": f"{of}{COMPONENT_TOKEN}::Partner {number}", "type": COMPONENT_TOKEN},
        *(
            {"urn": f"{of}{COMPONENT_TOKEN}${token}::Partner {number}-{word}", "type": token, "id": f"{word}-{number}"}
            for token, word in ((INBOUND_TOKEN, "inbound"), (OUTBOUND_TOKEN, "outbound"))
        ),
    ]


class House:
    """A project with a pretended CLI."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        (self.root / "stacks").mkdir(parents=True)
        self.program('"""What the stack declares."""\nimport regulated_partners\n\nregulated_partners.run()\n')
        (self.root / "Pulumi.yaml").write_text(
            "name: mail\nruntime: python\nstackConfigDir: stacks\n", encoding="utf-8"
        )
        self.export = folder / "export.json"
        self.state()
        self.plan: Path | None = None
        self.cli = folder / "cli"
        for name in EXECUTABLES:
            script(self.cli / name, PRETEND)

    def program(self, text: str) -> None:
        (self.root / "__main__.py").write_text(text, encoding="utf-8")

    def declare(self, *partners: Mapping[str, Any], **settings: object) -> None:
        values = {"cloud": "commercial", "partners": list(partners), **settings}
        config = {f"regulated-partners:{name}": value for name, value in values.items()}
        (self.root / "stacks" / "Pulumi.staging.yaml").write_text(yaml.safe_dump({"config": config}), encoding="utf-8")

    def state(self, *resources: Mapping[str, Any]) -> None:
        self.export.write_text(json.dumps({"deployment": {"resources": [STACK, *resources]}}), encoding="utf-8")

    def run(self, operation: str, *further: str, **variables: str) -> tuple[str, str]:
        """How the checkpoints of a run would be, and what is said before."""
        environ = {"PATH": "", "HOME": str(self.root), **ELSEWHERE, **variables}
        pulumi = _Exports(read_stack_file(self.root, "staging"), environ)
        pulumi.file = self.export
        decided = checkpoints(changes(Operation(operation), pulumi, further, self.plan), pulumi.stack, environ)
        return {**environ, **decided.variables}.get(SKIP_CHECKPOINTS, "kept"), decided.line

    def command(self, operation: str, *arguments: str, **variables: str) -> tuple[str, str]:
        """The same of a run by the command, and what it says before and after."""
        done, calls = run(
            self.root, operation, "--stack", "staging", *arguments, cli=self.cli, EXPORT=str(self.export), **variables
        )
        assert done.returncode == int(variables.get("EXIT", "0")), done.stderr
        kept = next(call.removeprefix(f"{operation} ") for call in calls if call.startswith(operation))
        return kept, done.stderr


class _Exports(PulumiCli):
    file: Path

    def export(self, stack: str) -> Mapping[str, Any]:
        assert stack == "staging"
        exported: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return exported


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    made.declare(*map(partner, range(ENOUGH)))
    return made


@pytest.mark.parametrize(
    "backend",
    ["file:///nowhere", "file://~", "azblob://state?storage_account=x", "s3://state", "gs://state", "postgres://db/x"],
)
def test_many_new_ones_skip_checkpoints_and_say_so(house: House, backend: str) -> None:
    """Failing means that three hundred partners take ten minutes, or that nobody learns what to do when cut off."""
    skipped, said = house.run("up", PULUMI_BACKEND_URL=backend)
    assert skipped == "true"
    assert said.startswith(f"This run creates {MANY} connectors. The state is written once, at its end")
    assert "run the same again before anything else" in said


def test_one_less_keeps_them(house: House) -> None:
    """Failing means that everyday runs lose what the engine writes down for a crash."""
    house.declare(*map(partner, range(ENOUGH - 1)))
    assert house.run("up") == ("kept", "")
    house.state(*(row for number in range(ENOUGH - 1) for row in recorded(number)))
    assert house.run("destroy") == ("kept", "")


def test_what_is_there_does_not_count_under_an_earlier_name_either(house: House) -> None:
    """Failing means that each run of a large stack skips checkpoints, or that a rename is announced as a creation."""
    house.state(*(row for number in range(ENOUGH) for row in recorded(number)))
    assert house.run("up") == ("kept", "")
    renamed = (partner(number, name=f"New {number}", aliases=[f"Partner {number}"]) for number in range(ENOUGH))
    house.declare(*renamed)
    assert house.run("up") == ("kept", "")


def test_removals_count(house: House) -> None:
    """Failing means that half a list that goes takes as long as the list took to come."""
    house.state(*(row for number in range(ENOUGH) for row in recorded(number)))
    house.declare(partner(1000))
    skipped, said = house.run("up")
    assert (skipped, said.partition(".")[0]) == ("true", f"This run creates 2 and deletes {MANY} connectors")
    house.declare(*map(partner, range(3)))
    skipped, said = house.run("destroy")
    assert (skipped, said.partition(".")[0]) == ("true", f"This run deletes {MANY} connectors")


@pytest.mark.parametrize("operation", ["up", "destroy"])
def test_resources_of_others_keep_them(house: House, operation: str) -> None:
    """Failing means that a killed run loses a resource of another provider, which no mark makes known again."""
    own = [row for number in range(ENOUGH) for row in recorded(number)] if operation == "destroy" else []
    house.state(*own, OTHERS)
    skipped, said = house.run(operation)
    assert skipped == "kept"
    assert "the stack has resources of other providers, which it would lose" in said
    house.declare(partner(1))
    house.state(*recorded(1), OTHERS)
    assert house.run(operation) == ("kept", ""), "it is said only where it matters"


def test_without_marks_they_are_kept(house: House) -> None:
    """Failing means that the next run refuses what a killed one has made, connector by connector."""
    house.declare(*map(partner, range(ENOUGH)), ownershipMark=False)
    skipped, said = house.run("up")
    assert skipped == "kept"
    assert "ownershipMark is false" in said


@pytest.mark.parametrize(
    "variables",
    [
        {"PULUMI_BACKEND_URL": "https://api.pulumi.com"},
        {"PULUMI_BACKEND_URL": "", "PULUMI_ACCESS_TOKEN": "pul-x", "PULUMI_HOME": "/nowhere"},
        {"PULUMI_ENABLE_JOURNALING": "true"},
        {"PULUMI_DIY_BACKEND_JOURNALING": "1"},
    ],
)
def test_where_there_is_a_journal_nothing_is_switched(house: House, variables: dict[str, str]) -> None:
    """Failing means that a backend that loses nothing and is fast is told to lose something."""
    assert house.run("up", **variables) == ("kept", "")


@pytest.mark.parametrize("value", ["false", "true", "0"])
def test_whoever_sets_the_switch_has_decided(house: House, value: str) -> None:
    """Failing means that nobody can have checkpoints in a large run, or that a decision is commented on."""
    assert house.run("up", PULUMI_SKIP_CHECKPOINTS=value) == (value, "")


@pytest.mark.parametrize(
    "program",
    [
        "import regulated_partners, pulumi_random\nregulated_partners.run()\npulumi_random.RandomPet('pet')\n",
        "import regulated_partners\nimport mine\nregulated_partners.run()\n",
        "import regulated_partners\n",
        "regulated_partners.run(\n",
        "from regulated_partners import run as run_partners\nrun_partners()\n",
    ],
)
def test_a_program_of_ones_own_decides_for_itself(house: House, program: str) -> None:
    """Failing means that resources which such a program declares besides are lost by a killed run."""
    house.program(program)
    assert house.run("up") == ("kept", "")


def test_the_programs_of_this_project_are_known(house: House) -> None:
    """Failing means that the program we ship, or another way to write it, is taken for somebody's own."""
    house.program((ROOT / "__main__.py").read_text(encoding="utf-8"))
    assert house.run("up")[0] == "true"
    house.program("from regulated_partners import run\n\nrun()\n")
    assert house.run("up")[0] == "true"
    (house.root / "infra").mkdir()
    (house.root / "__main__.py").rename(house.root / "infra" / "__main__.py")
    with (house.root / "Pulumi.yaml").open("a", encoding="utf-8") as file:
        file.write("main: infra\n")
    assert house.run("up")[0] == "true"


@pytest.mark.parametrize(
    "option",
    [
        ("--target", "urn:x"), ("-t", "urn:x"), ("--exclude=urn:x",), ("--target-replace", "urn:x"), ("--replace", "x"),
        ("--config", "a=b"), ("-c", "regulated-partners:ownershipMark=false"), ("--config-file", "other.yaml"),
        ("--stack", "other"), ("--plan", "plan.json"),
    ],
)  # fmt: skip
def test_a_run_about_something_else_keeps_them(house: House, option: tuple[str, ...]) -> None:
    """Failing means that the count is of another run than this, or that marks are off and nobody has looked."""
    assert house.run("up", *option) == ("kept", "")


def test_other_options_change_nothing(house: House) -> None:
    """Failing means that a commit message or a policy pack makes the run slow."""
    assert house.run("up", "--message", "first", "--policy-pack", "policies", "--suppress-outputs")[0] == "true"


def test_a_refused_declaration_and_an_unreadable_state_are_left_to_the_run(house: House) -> None:
    """Failing means that a line is said about a run that does not happen, or a traceback comes first."""
    house.export.write_text("nothing", encoding="utf-8")
    assert house.run("up") == ("kept", "")
    house.state()
    house.declare(*map(partner, range(ENOUGH)), {"name": "Wrong"})
    assert house.run("up") == ("kept", "")


def plan(*steps: tuple[str, str], custom: bool = True) -> str:
    planned = {
        f"urn:pulumi:staging::mail::{of_type}::{number}": {
            "goal": None if step == "delete" else {"type": of_type, "custom": custom},
            "steps": [step],
        }
        for number, (of_type, step) in enumerate(steps)
    }
    return json.dumps({"resourcePlans": planned})


@pytest.mark.parametrize(
    ("document", "skipped"),
    [
        (plan(*[(INBOUND_TOKEN, "create")] * MANY), "true"),
        (plan(*[(OUTBOUND_TOKEN, "delete")] * MANY, (COMPONENT_TOKEN, "delete")), "true"),
        (plan(*[(NATIVE_TOKEN, "create")] * MANY), "true"),
        (plan(*[(INBOUND_TOKEN, "update")] * MANY), "kept"),
        (plan(*[(INBOUND_TOKEN, "create")] * MANY, ("random:index:RandomPet", "same")), "true"),
        (plan(*[(INBOUND_TOKEN, "create")] * MANY, ("random:index:RandomPet", "create")), "kept"),
        (plan(*[(INBOUND_TOKEN, "create")] * MANY, ("random:index:RandomPet", "update")), "kept"),
        (plan(*[(INBOUND_TOKEN, "create")] * MANY, ("random:index:RandomPet", "delete")), "kept"),
        ("{}", "kept"),
        ("[]", "kept"),
        ("nothing", "kept"),
    ],
)
def test_a_plan_says_what_is_done_for_any_program(house: House, document: str, skipped: str) -> None:
    """Failing means that a plan of three hundred partners is slow, or one with a resource of others is not safe."""
    house.program("import mine\n")
    house.plan = house.root / "plan.json"
    house.plan.write_text(document, encoding="utf-8")
    assert house.run("up")[0] == skipped


def test_a_killed_cli_is_told_of(house: House) -> None:
    """Failing means that somebody destroys a stack whose state knows nothing of its connectors, and they stay."""
    skipped, said = house.command("up", EXIT="137")
    assert skipped == "true"
    assert said.startswith(f"This run creates {MANY} connectors. ")
    assert "was killed before it had written the state" in said
    assert "`pulumi cancel --stack staging`, then run the same command again" in said
    (house.root / "plan.json").write_text(plan((INBOUND_TOKEN, "create")), encoding="utf-8")
    assert house.command("up", "--plan", "plan.json", EXIT="137")[1].startswith("The plan ")
