"""What public clients of the service send, and what they rely on in its answers: shapes of requests, not code.

Each case is one exchange that such a client has; tests play them against the emulator, and the table of the rules says
of each rule which client relies on it.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Model):
    """What the client relies on. What is not given is not looked at.

    Attributes:
        names: of the rows, in their order.
        row: properties of the first row.
        text: a part of the refusal's or the token service's words.
        type: the .NET type that a refusal names, in whichever form its details have.
        warning: a part of one of the warnings; empty for none at all.
        next_link: whether there is a link to a next page.
        nul: whether the body is a run of NUL bytes.
        headers: parts of response headers; null for one that is not there.
        left: names of all inbound and outbound connectors and transport rules afterwards, sorted.
    """

    status: int = 200
    names: tuple[str, ...] | None = None
    row: dict[str, Any] = {}
    text: str = ""
    type: str = ""
    warning: str | None = None
    next_link: bool | None = None
    nul: bool = False
    headers: dict[str, str | None] = {}
    left: tuple[str, ...] | None = None


class ClientRequest(_Model):
    """A request. In texts `{tenant}`, `{domain}` and `{Guid of NAME}` stand for what they are in the tenant.

    Attributes:
        cmdlet: makes an InvokeCommand with the parameters; without it the body is the text, if any.
        headers: all of them but Authorization and Content-Type, unless these are given; null takes one out.
        follows: goes to the next link of the answer before it.
    """

    method: str = "POST"
    path: str = "/adminapi/beta/{tenant}/InvokeCommand"
    cmdlet: str | None = None
    parameters: Any = {}
    body: str = ""
    headers: dict[str, str | None] = {}
    follows: bool = False
    expect: Expected = Expected()


class ClientCase(_Model):
    """One exchange of a client with the service.

    Attributes:
        rules: the ids of the emulator's rules that it rests on.
        roles: the Entra roles of the application; its app role is Exchange.ManageAsApp unless `app_roles` says else.
        seed, switches, faults: as the control API takes them.
    """

    id: str
    client: str
    does: str
    source: str
    rules: tuple[str, ...] = Field(min_length=1)
    roles: tuple[str, ...] = ("Exchange Administrator",)
    app_roles: tuple[str, ...] = ("Exchange.ManageAsApp",)
    seed: dict[str, Any] = {}
    switches: dict[str, Any] = {}
    faults: tuple[dict[str, Any], ...] = ()
    requests: tuple[ClientRequest, ...] = Field(min_length=1)


@functools.cache
def client_cases() -> tuple[ClientCase, ...]:
    """Every case, in the order of the file."""
    text = (Path(__file__).parent / "data" / "clients.json").read_text(encoding="utf-8")
    return TypeAdapter(tuple[ClientCase, ...]).validate_json(text)
