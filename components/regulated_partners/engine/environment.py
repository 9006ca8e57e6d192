"""The environment in which the Pulumi CLI runs for a stack: its backend, its passphrase, its PATH, the user's home."""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

from regulated_partners.engine.install.cache import home_directory
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import StackFile

LOCAL_PASSPHRASE = "local"  # noqa: S105 - a name, not a secret: the local stack's state holds nothing to protect
ALWAYS = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}

#: A file backend writes a file of attributes beside each state and not at once: an engine that is killed just then
#: leaves one that is empty, and no command can read the stack any longer. Source: gocloud.dev, fileblob, `metadata`
#: (met with Pulumi 3.259, seed 155 of tests.chaos).
WITHOUT_SIDE_FILES = "?metadata=skip"

#: The engine writes the state once, at the end of a run. Whoever sets it, to whatever, has decided.
SKIP_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"

#: Where gRPC must not go through a proxy: the engine, its hosts and its providers talk over loopback.
_LOOPBACK = ("127.0.0.1", "localhost")


def stack_variables(stack: StackFile, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to add to `environment` for a stack.

    A local stack gets a state folder in the project and a passphrase, unless the user has set others. No other stack
    is given anything: its state and its secrets must be where the user says.

    Raises:
        CannotRunError: when the backend or the secrets provider of another stack is not known, or the state folder of
            a local one cannot be made.
    """
    # The environment that runs this command is the project's, wherever the project lies.
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), environment.get("PATH", os.defpath)])
    variables = {**ALWAYS, "PATH": path, "VIRTUAL_ENV": sys.prefix, **_user(environment), **_proxies(environment)}
    if stack.settings.local:
        return variables | _local_defaults(stack, environment)
    _require_backend(stack, environment)
    return variables


def _user(environment: Mapping[str, str]) -> dict[str, str]:
    """What an unknown user id lacks, as in a container. Source: Go's os/user without cgo asks $USER and $HOME."""
    found: dict[str, str] = {}
    home = str(home_directory(environment))
    if home != environment.get("HOME"):
        found["HOME"] = home
    if not environment.get("USER"):
        try:
            found["USER"] = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            found["USER"] = f"uid-{os.getuid()}"
    return found


def _proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """gRPC takes http_proxy for loopback too. Source: grpc/grpc, doc/environment_variables.md (no_grpc_proxy)."""
    given = environment.get("no_grpc_proxy") or environment.get("no_proxy") or ""
    known = [entry for entry in given.split(",") if entry.strip()]
    return {"no_grpc_proxy": ",".join([*known, *(host for host in _LOOPBACK if host not in known)])}


def _local_defaults(stack: StackFile, environment: Mapping[str, str]) -> dict[str, str]:
    defaults: dict[str, str] = {}
    if not environment.get("PULUMI_BACKEND_URL"):
        state = stack.root / ".state"
        try:
            state.mkdir(exist_ok=True)
        except OSError as error:
            raise CannotRunError(
                f"The local stack {stack.name} keeps its state in {state}, which cannot be made ({error.strerror}): "
                "make the project's directory writable (the emulator keeps its own state there too), copy the project "
                "to one that is, or set PULUMI_BACKEND_URL."
            ) from None
        defaults["PULUMI_BACKEND_URL"] = state.as_uri() + WITHOUT_SIDE_FILES
    if not _has_passphrase(environment):
        defaults["PULUMI_CONFIG_PASSPHRASE"] = LOCAL_PASSPHRASE
    return defaults


def backend_url(stack: StackFile, environment: Mapping[str, str]) -> str | None:
    """Where the state of a stack is kept, as the CLI finds it; None where nobody has said, which is Pulumi Cloud."""
    return environment.get("PULUMI_BACKEND_URL") or stack.backend_url or _logged_in_to(environment)


def _require_backend(stack: StackFile, environment: Mapping[str, str]) -> None:
    backend = backend_url(stack, environment)
    if backend is None and not environment.get("PULUMI_ACCESS_TOKEN"):
        raise CannotRunError(
            f"The stack {stack.name} is not local, and it is not known where its state is kept: set "
            "PULUMI_BACKEND_URL (such as azblob://state?storage_account=NAME), or run `pulumi login`."
        )
    keeps_secrets_itself = backend is None or backend.startswith(("https://", "http://"))
    if keeps_secrets_itself or _has_passphrase(environment) or stack.secrets_provider not in (None, "passphrase"):
        return
    raise CannotRunError(
        f"The stack {stack.name} keeps its state in {(backend or '').partition('?')[0]}, and it is not known how its "
        "secrets are encrypted: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, or name a "
        f"secretsprovider in {stack.path}. No passphrase is ever made up for a stack that is not local."
    )


def _has_passphrase(environment: Mapping[str, str]) -> bool:
    return "PULUMI_CONFIG_PASSPHRASE" in environment or bool(environment.get("PULUMI_CONFIG_PASSPHRASE_FILE"))


def _logged_in_to(environment: Mapping[str, str]) -> str | None:
    home = Path(environment.get("PULUMI_HOME") or home_directory(environment) / ".pulumi")
    try:
        credentials = json.loads((home / "credentials.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    current = credentials.get("current") if isinstance(credentials, dict) else None
    return current if isinstance(current, str) and current else None
