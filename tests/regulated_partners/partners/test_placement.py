"""Where settings stand in a stack file, and a stack that does not say which partners it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulated_partners.errors import CannotRunError
from regulated_partners.partners import StackFile, read_stack_file
from regulated_partners.verify.declared import declared_partners

LIST = """
regulated-partners:partners:
  - name: Fabrikam Bank
    domains: [fabrikam.com, "*.fabrikam.com"]
    certificateName: mail.fabrikam.com
    comment: SEC-1234, owner messaging team
"""
CLOUD = "config:\n  regulated-partners:cloud: local\n"
NONE = "regulated-partners:partners: []"
EDGE = "at the left edge, beside config:"


def below(text: str, spaces: int = 2) -> str:
    """The text, further in."""
    return "".join(f"{' ' * spaces}{line}\n" for line in text.strip().splitlines())


def _renamed(namespace: str) -> str:
    return LIST.replace("regulated-partners:", namespace, 1)


#: For each way to lose the list: the settings file, and what the refusal says.
WAYS = {
    "nothing but a cloud": (CLOUD, ["absent is not empty", NONE, "Pulumi.dev.yaml"]),
    "config is null": ("config:\n", ["absent is not empty", NONE]),
    "an empty file": ("", ["absent is not empty", NONE]),
    "indentation lost": (CLOUD + LIST, [f"`regulated-partners:partners:` in line 4, {EDGE} is not read"]),
    "all at the edge": ("regulated-partners:cloud: local\n" + LIST, [f"in line 1, {EDGE}", f"in line 3, {EDGE}"]),
    "Config": ("Config:\n" + below(LIST), ["in line 2, below Config:", "directly below `config:`"]),
    "configuration": ("configuration:\n" + below(LIST), ["in line 2, below configuration:"]),
    "config twice": (CLOUD + "  config:\n" + below(LIST, 4), ["in line 4, below config: > config:"]),
    "below the namespace": (
        CLOUD + "  regulated-partners:\n" + below(_renamed(""), 4),
        ["`partners:` in line 4, below config: > regulated-partners:", "write it as `regulated-partners:partners:`"],
    ),
    "below the namespace, at the edge": (
        CLOUD + "regulated-partners:\n" + below(_renamed("")),
        ["`partners:` in line 4, below regulated-partners:", "write it as `regulated-partners:partners:`"],
    ),
    "another namespace": (
        CLOUD + below(_renamed("acme:")),
        ["absent is not empty", "There is `acme:partners:` in line 3, below config:"],
    ),
    "almost the namespace": (
        CLOUD + below(_renamed("regulated_partners:")),
        ["`regulated_partners:partners:` in line 3", "write it as `regulated-partners:partners:`"],
    ),
    "the namespace in capital letters": (
        CLOUD + below(_renamed("Regulated-Partners:")),
        ["`Regulated-Partners:partners:` in line 3", "write it as `regulated-partners:partners:`"],
    ),
    "almost the namespace, at the edge": (
        CLOUD + _renamed("regulatedpartners:config:"),
        ["`regulatedpartners:config:partners:` in line 4", "write it as `regulated-partners:partners:`"],
    ),
    "without a namespace at the edge": (
        CLOUD + _renamed(""),
        ["absent is not empty", f"There is `partners:` in line 4, {EDGE}"],
    ),
    "a space in the name": (
        CLOUD + below('"regulated-partners: partners": []'),
        ["regulated-partners: partners: there is no such setting; did you mean partners?"],
    ),
    "all commented out": (
        CLOUD + "  regulated-partners:partners:\n" + below(LIST).partition("\n")[2].replace("    ", "    # "),
        [f"partners: nothing is written there, and that may be an accident; write `{NONE}`"],
    ),
    "an empty text": (CLOUD + '  regulated-partners:partners: ""\n', ["partners: nothing is written there"]),
    "other lists commented out": (
        CLOUD + f"  {NONE}\n  regulated-partners:outboundConnectors:\n",
        ["outboundConnectors: nothing is written there", "write `regulated-partners:outboundConnectors: []`"],
    ),
    "no shared file": (
        CLOUD + "  regulated-partners:partnersFile:\n",
        ["partnersFile: nothing is written there", "write a path"],
    ),
    "two documents": (CLOUD + f"  {NONE}\n---\nconfig:\n" + below(LIST), ["document"]),
    "one list in its place, one at the edge": (
        CLOUD + f"  {NONE}\nregulated-partners:inboundConnectors: []\n",
        [f"`regulated-partners:inboundConnectors:` in line 4, {EDGE}"],
    ),
    "the same list in two spellings": (
        CLOUD + below(LIST) + "  regulated-partners:config:partners: []\n",
        ["`regulated-partners:config:partners:` in line 8 and `regulated-partners:partners:` in line 3 are the same"],
    ),
    "any other setting at the edge": (
        f"config:\n  {NONE}\nregulated-partners:cloud: commercial\n",
        [f"`regulated-partners:cloud:` in line 3, {EDGE}"],
    ),
}

#: What is in its place, or nobody's business.
RIGHT = (
    CLOUD + f"  {NONE}\n",
    CLOUD + below(LIST) + "  acme:partners: 5\n  acme:other:\n    partners: 5\n",
    CLOUD + below(LIST) + "encryptionsalt: v1:x\nsecretsprovider: passphrase\nencryptedkey: x\n",
    CLOUD + "  regulated-partners:inboundConnectors: []\n",
    CLOUD + "  regulated-partners:config:partners: []\n",
    "environment: [production]\n" + CLOUD,
    _renamed("").replace("partners:", "partners: &list", 1) + CLOUD + "  regulated-partners:partners: *list\n",
    f"base: &base\n{below(LIST)}config:\n  <<: *base\n",
)


def stack(root: Path, text: str) -> StackFile:
    """The stack `dev` of a project of another name."""
    (root / "Pulumi.yaml").write_text("name: acme-mail\nruntime: python\n", encoding="utf-8")
    (root / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    return read_stack_file(root, "dev")


@pytest.mark.parametrize("way", WAYS)
def test_a_list_that_nobody_reads(tmp_path: Path, way: str) -> None:
    """Failing: a command calls a stack without partners what has some, or does not say how to write the line."""
    text, words = WAYS[way]
    with pytest.raises(CannotRunError) as refused:
        declared_partners(stack(tmp_path, text))
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_in_its_place(tmp_path: Path, text: str) -> None:
    """Failing: a stack file that is right is refused."""
    declared_partners(stack(tmp_path, text))


def test_a_program_of_ones_own_may_have_stacks_without_partners(tmp_path: Path) -> None:
    """Failing: whoever declares partners in Python cannot use the commands, or a first `adopt` is refused."""
    assert stack(tmp_path, CLOUD).declared.findings == ()
