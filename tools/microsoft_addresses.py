"""The addresses of Exchange Online that `verify message` goes by: `python -m tools.microsoft_addresses` renews them.

They are published by Microsoft's web service (https://endpoints.office.com), one list for each cloud. On a machine
without a way to the internet, get the lists elsewhere and name the files: `... Worldwide@2026110100=worldwide.json`.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

DATA = Path(__file__).resolve().parents[1] / "components/regulated_partners/verify/microsoft_addresses.json"
_SERVICE = "https://endpoints.office.com"
_TIMEOUT = 30


def mail_addresses(endpoint_sets: Sequence[Mapping[str, Any]]) -> list[str]:
    """The addresses of a cloud's list that mail comes from: the sets for SMTP, and those of `*.protection.…`.

    Args:
        endpoint_sets: the service's answer.
    """
    found: dict[str, None] = {}
    for entry in endpoint_sets:
        ports = entry.get("tcpPorts", "").replace(" ", "").split(",")
        protects = any(".protection." in url for url in entry.get("urls", ()))
        if entry.get("serviceArea") == "Exchange" and ("25" in ports or protects):
            found.update(dict.fromkeys(entry.get("ips", ())))
    return list(found)


def renewed(data: Mapping[str, Any], instance: str, version: str, endpoint_sets: Sequence[Mapping[str, Any]]) -> Any:
    """The file's content with the list of one cloud renewed.

    Raises:
        ValueError: where the list has no address for mail, which means that it is another one.
    """
    addresses = mail_addresses(endpoint_sets)
    if not addresses:
        raise ValueError(f"the list for {instance} has no addresses for mail")
    source = f"{_SERVICE}/endpoints/{instance}, the sets of Exchange for TCP 25 and *.protection.*"
    new = {"version": version, "source": source, "delivers": addresses}
    return {
        **data,
        "clouds": [{**cloud, **new} if cloud["instance"] == instance else cloud for cloud in data["clouds"]],
    }


def main(arguments: Sequence[str]) -> int:
    """Renews the lists of the named files (`INSTANCE@VERSION=FILE`), or all of them from the service."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    if arguments:
        for argument in arguments:
            about, _, path = argument.partition("=")
            instance, _, version = about.partition("@")
            data = renewed(data, instance, version, json.loads(Path(path).read_text(encoding="utf-8")))
    else:
        request = {"clientrequestid": str(uuid.uuid4())}
        for instance in [cloud["instance"] for cloud in data["clouds"] if cloud["instance"]]:
            found, version = (
                requests.get(f"{_SERVICE}/{what}/{instance}", params=request, timeout=_TIMEOUT).json()
                for what in ("endpoints", "version")
            )
            data = renewed(data, instance, version["latest"], found)
    DATA.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
