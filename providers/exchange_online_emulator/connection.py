"""connection.json: how a client finds a running emulator. And how private files are written."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, replacing it in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file 0600 from the start.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def of_tenant(file: Path, number: int) -> Path:
    """The file of one of an emulator's tenants beside that of the first, which has the number 1."""
    return file if number == 1 else file.with_stem(f"{file.stem}-{number}")


def of_tenants(file: Path) -> Iterator[Path]:
    """That of the first tenant, of the second, and so on, as far as they are there."""
    return itertools.takewhile(Path.exists, (of_tenant(file, number) for number in itertools.count(1)))


class ConnectionFileError(Exception):
    """The connection file is missing or unreadable; the text says what to do."""


class ConnectionFile(BaseModel):
    """Where the emulator answers and with which credentials. In the file the keys are in camelCase.

    Attributes:
        url: base URL of the admin API and the control API.
        authority: base URL of the token endpoint.
        scope: what a token is asked for.
        ca_bundle: PEM file of the one CA that its clients must trust.
        tenant: GUID, as is `client_id`.
        pid: the server's.
        names: by which it answers besides loopback's; not in the file where there are none.
        proxy: the URL of the proxy that leads those names to it; not in the file where there is none.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    url: str
    authority: str
    scope: str
    ca_bundle: Path
    tenant: str
    client_id: str
    client_secret: str = Field(repr=False)
    pid: int
    names: tuple[str, ...] = ()
    proxy: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables by which a program that knows nothing of the emulator uses it, whole."""
        bundle = str(self.ca_bundle)
        found = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"), bundle)
        found |= {"AZURE_TENANT_ID": self.tenant, "AZURE_CLIENT_ID": self.client_id}
        found["AZURE_CLIENT_SECRET"] = self.client_secret
        if self.proxy is None:
            return {**found, "AZURE_AUTHORITY_HOST": self.authority}
        # In small letters, too: some programs know only those, and where both are set most take those.
        for name, value in (("HTTPS_PROXY", self.proxy), ("NO_PROXY", "127.0.0.1,localhost,::1")):
            found |= {name: value, name.lower(): value}
        return found

    @classmethod
    def read(cls, path: Path) -> ConnectionFile:
        """Read the file. The CA is looked for beside it first, for the folder may have been moved.

        Raises:
            ConnectionFileError: it is missing or unreadable.
        """
        try:
            found = cls.model_validate_json(path.read_text(encoding="utf-8"))
            beside = path.absolute().with_name(found.ca_bundle.name)
            return found.model_copy(update={"ca_bundle": beside}) if beside.is_file() else found
        except FileNotFoundError:
            raise ConnectionFileError(
                f"There is no {path}: start the emulator with `exchange-online-emulator start`."
            ) from None
        except (OSError, ValidationError):
            raise ConnectionFileError(
                f"{path} cannot be read: stop the emulator, remove the file, start again."
            ) from None

    def write(self, path: Path) -> None:
        """Write the file in one step, mode 0600."""
        write_private(path, self.model_dump_json(by_alias=True, indent=1, exclude_defaults=True))
