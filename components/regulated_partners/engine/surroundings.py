"""The environment variables that the Pulumi CLI needs for a stack: its backend, its passphrase, its PATH."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from regulated_partners.engine.stack_errors import Refusal
from regulated_partners.partners.stack_file import StackFile

LOCAL_PASSPHRASE = "local"  # noqa: S105 - a name, not a secret: the local stack's state holds nothing to protect
ALWAYS = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}


def stack_variables(stack: StackFile, root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to add to `environment` for a stack of the project in `root`.

    A local stack gets a state folder in the working copy and a passphrase, unless the user has set others. No other
    stack is given anything: its state and its secrets must be where the user says.

    Raises Refusal when the backend or the secrets provider of another stack is not known.
    """
    variables = dict(ALWAYS)
    binaries = root / ".venv" / "bin"
    variables["PATH"] = os.pathsep.join(filter(None, [str(binaries), environment.get("PATH", "")]))
    variables["VIRTUAL_ENV"] = str(binaries.parent)
    if stack.local:
        variables.update(_local_defaults(root, environment))
    else:
        _require_backend(stack, environment)
    return variables


def _local_defaults(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    defaults: dict[str, str] = {}
    if not environment.get("PULUMI_BACKEND_URL"):
        state = root / ".state"
        state.mkdir(exist_ok=True)
        defaults["PULUMI_BACKEND_URL"] = state.as_uri()
    if not _has_passphrase(environment):
        defaults["PULUMI_CONFIG_PASSPHRASE"] = LOCAL_PASSPHRASE
    return defaults


def _require_backend(stack: StackFile, environment: Mapping[str, str]) -> None:
    backend = environment.get("PULUMI_BACKEND_URL") or stack.backend_url or _logged_in_to(environment)
    if backend is None and not environment.get("PULUMI_ACCESS_TOKEN"):
        raise Refusal(
            f"The stack {stack.name} is not local, and it is not known where its state is kept: set "
            "PULUMI_BACKEND_URL (such as azblob://state?storage_account=NAME), or run `pulumi login`."
        )
    keeps_secrets_itself = backend is None or backend.startswith(("https://", "http://"))
    if keeps_secrets_itself or _has_passphrase(environment) or stack.secrets_provider not in (None, "passphrase"):
        return
    raise Refusal(
        f"The stack {stack.name} keeps its state in {_without_query(backend)}, and it is not known how its secrets "
        "are encrypted: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, or name a secretsprovider in "
        f"{stack.path}. No passphrase is ever made up for a stack that is not local."
    )


def _has_passphrase(environment: Mapping[str, str]) -> bool:
    return "PULUMI_CONFIG_PASSPHRASE" in environment or bool(environment.get("PULUMI_CONFIG_PASSPHRASE_FILE"))


def _logged_in_to(environment: Mapping[str, str]) -> str | None:
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    try:
        credentials = json.loads((home / "credentials.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    current = credentials.get("current") if isinstance(credentials, dict) else None
    return current if isinstance(current, str) and current else None


def _without_query(url: str | None) -> str:
    return (url or "").partition("?")[0]
