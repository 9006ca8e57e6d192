"""What the states of a project's stacks say together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from exchange_online.connectors import Direction, Mark
from exchange_online.names import Face
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.engine.state import read_states
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.progress import Progress


class Backend:
    """Stands in for the CLI: stacks and the Guids in their states; None for a state that cannot be read."""

    def __init__(self, *, listed: bool = True, **states: list[str] | None) -> None:
        self._listed = listed
        self._states = states

    def stacks(self) -> tuple[str, ...]:
        if not self._listed:
            raise CannotRunError("access denied")
        return tuple(f"organization/{name}" for name in self._states)

    def export(self, stack: str) -> Mapping[str, Any]:
        name = stack.rpartition("/")[2]
        guids = self._states[name]
        if guids is None:
            raise CannotRunError("the passphrase is wrong")
        kind = Direction.INBOUND.token(Face.DYNAMIC)
        resources = [
            {"urn": f"urn:pulumi:{name}::p::{kind}::r{guid}", "type": kind, "id": guid, "outputs": {}} for guid in guids
        ]
        return {"deployment": {"resources": resources}}


def test_states_are_read_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failure means: a stack takes a connector for its own that another has, or one is unseen for a state unread."""
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "p", "runtime": "python"}), encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    backend = Backend(aaa=["1", "2"], dev=["2", "3"], production=None, staging=["1", "2"])
    states = read_states(read_stack_file(tmp_path, "organization/p/dev"), cast(PulumiCli, backend), Progress())
    owners = {guid: (one.stack, one.others) for guid, one in states.connectors.items()}
    assert owners == {"1": ("aaa", ("staging",)), "2": ("dev", ("aaa", "staging")), "3": ("dev", ())}
    assert states.own == Mark("p", "dev")
    assert states.read == {Mark("p", name) for name in ("aaa", "dev", "staging")}
    assert [one.guid for one in states.of_own()] == ["2", "3"]
    assert "production was not read, so what it manages shows by its mark alone" in capsys.readouterr().err

    unlisted = cast(PulumiCli, Backend(listed=False, dev=["2"], staging=["1"]))
    assert set(read_states(read_stack_file(tmp_path, "dev"), unlisted, Progress()).connectors) == {"2"}
    assert "The stacks were not listed" in capsys.readouterr().err
    with pytest.raises(CannotRunError, match="passphrase"):
        read_states(read_stack_file(tmp_path, "dev"), cast(PulumiCli, Backend(dev=None)), Progress())
