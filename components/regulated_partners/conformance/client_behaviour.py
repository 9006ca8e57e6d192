"""What our own client must get right on any tenant: no rules of the emulator, and nothing that a switch may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exchange_online.admin_api import AlreadyExists, NotFound, TransportRules
from exchange_online.connectors import ConnectorSettings, Direction, Options, changes, check, set_parameters
from exchange_online.lifecycle import Lifecycle, Listing, Owner
from regulated_partners.conformance.experiment import Experiment, Reading, UndecidedError, held, otherwise
from regulated_partners.conformance.workbench import Workbench

#: The resource of a stack that the client acts as.
_OWNER = Owner("urn:pulumi:conformance::regulated-partners::connector::tried")

_Settings = Callable[[str], Mapping[str, Any]]

#: For each direction settings that differ in every property from the other's, by the domain of the run.
_FIRST: Mapping[Direction, _Settings] = {
    Direction.INBOUND: lambda domain: {
        "senderDomains": [f"b.{domain}", f"*.a.{domain}"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": f"mail.{domain}",
        "comment": "first",
    },
    Direction.OUTBOUND: lambda domain: {
        "recipientDomains": [f"b.{domain}", f"*.a.{domain}"],
        "tlsSettings": "DomainValidation",
        "tlsDomain": f"mail.{domain}",
        "validationRecipients": [f"postmaster@{domain}"],
        "comment": "first",
    },
}
_SECOND: Mapping[Direction, _Settings] = {
    Direction.INBOUND: lambda domain: {
        "senderDomains": [f"c.{domain}"],
        "restrictDomainsToIpAddresses": True,
        "senderIpAddresses": ["192.0.2.0/28", "198.51.100.7"],
    },
    Direction.OUTBOUND: lambda domain: {
        "recipientDomains": [f"c.{domain}"],
        "useMxRecord": False,
        "smartHosts": [f"relay.{domain}", "192.0.2.1"],
        "tlsSettings": "EncryptionOnly",
    },
}


def _run(bench: Workbench) -> Lifecycle:
    """What the resources use; a new one for each run of Pulumi."""
    listing = Listing(bench.cmdlets, sleep=bench.pause)
    return Lifecycle(bench.cmdlets, listing, TransportRules(bench.api), bench.pause)


def _settings(bench: Workbench, direction: Direction, name: str, **properties: object) -> ConnectorSettings:
    domains = "senderDomains" if direction is Direction.INBOUND else "recipientDomains"
    checked = check(direction, {"name": name, domains: [bench.mark.domain], "enabled": False} | properties)
    if checked.errors:
        raise UndecidedError(f"our own rules refuse what is to be tried: {checked.errors[0]}")
    return checked.settings


def _created(bench: Workbench, settings: ConnectorSettings) -> str:
    made = _run(bench).create(_OWNER, settings, Options())
    bench.remember(settings.direction, made.record.guid)
    return made.record.guid


def _in_both(tried: Callable[[Workbench, Direction], str], said: str) -> Callable[[Workbench], Reading]:
    """Tries it in both directions; what it returns is what was wrong."""

    def read(bench: Workbench) -> Reading:
        wrong = {direction.word: found for direction in Direction if (found := tried(bench, direction))}
        if wrong:
            return otherwise("; ".join(f"{word}: {found}" for word, found in wrong.items()), acted=None)
        return held(said, acted=None)

    return read


def _reads_back(bench: Workbench, direction: Direction) -> str:
    # One in test mode is hidden from a plain listing, and must not be taken for one that is gone.
    hidden = [{"testMode": True}] if direction is Direction.OUTBOUND else []
    for values in ({}, *hidden, _FIRST[direction](bench.mark.domain), _SECOND[direction](bench.mark.domain)):
        wanted = _settings(bench, direction, bench.name(), **values)
        read = _run(bench).read(direction, _created(bench, wanted))
        if read is None:
            return "what was created is not read"
        if differences := changes(read.settings, wanted):
            return f"drift at once: {'; '.join(map(str, differences))}"
        if read.mark != _OWNER.mark:
            return "the comment does not keep the mark"
    return ""


def _changes(bench: Workbench, direction: Direction) -> str:
    name, domain = bench.name(), bench.mark.domain
    first = _settings(bench, direction, name, **_FIRST[direction](domain))
    second = _settings(bench, direction, name, **_SECOND[direction](domain))
    plain = _settings(bench, direction, name)
    guid = _created(bench, first)
    for before, after in ((first, second), (second, plain), (plain, first), (first, plain)):
        _run(bench).update(_OWNER, guid, before, after)
        read = _run(bench).read(direction, guid)
        if read is None or changes(read.settings, after):
            return "a property keeps its old value"
    return ""


def _renames(bench: Workbench, direction: Direction) -> str:
    before = _settings(bench, direction, bench.name())
    after = _settings(bench, direction, f"{bench.name()}, [x] & y")
    guid = _created(bench, before)
    _run(bench).update(_OWNER, guid, before, after)
    for _ in bench.looks():
        named = [record.guid for record in bench.cmdlets.list(direction) if record.name == after.name]
        if named == [guid]:
            return ""
    return "the Guid is another after a rename"


def _removes(bench: Workbench, direction: Direction) -> str:
    settings = _settings(bench, direction, bench.name())
    guid = _created(bench, settings)
    for _ in range(2):
        _run(bench).delete(_OWNER, guid, settings)
    if _run(bench).read(direction, guid) is not None:
        return "it is read after it was removed"
    try:
        _run(bench).update(_OWNER, guid, settings, _settings(bench, direction, settings.name, comment="late"))
    except NotFound:
        return ""
    return "a change of what is gone is no error"


def _takes_over(bench: Workbench, direction: Direction) -> str:
    settings = _settings(bench, direction, bench.name(), **_FIRST[direction](bench.mark.domain))
    guid = _created(bench, settings)
    again = _run(bench).create(_OWNER, settings, Options())
    bench.remember(direction, again.record.guid)
    if again.record.guid != guid:
        return "a run after a crash makes a second connector"
    theirs = bench.made(direction)
    name = str(theirs["Name"])
    ours = _settings(bench, direction, name, comment="ours")
    try:
        _run(bench).create(_OWNER, ours, Options())
    except AlreadyExists:
        adopted = _run(bench).create(_OWNER, ours, Options(adopt_existing=True)).record
        return "" if adopted.guid == str(theirs["Guid"]).lower() else "what is adopted is another connector"
    return "somebody else's connector is taken over unasked"


def _sees_drift(bench: Workbench, direction: Direction) -> str:
    settings = _settings(bench, direction, bench.name(), comment="ours")
    guid = _created(bench, settings)
    bench.changed(direction, guid, {"Comment": "by hand"})
    bench.row(direction, guid, lambda row: row["Comment"] == "by hand")
    read = _run(bench).read(direction, guid)
    found = changes(read.settings, settings) if read else ()
    repair = set_parameters(found, settings)
    return "" if repair == {"Comment": "ours"} else f"a change by hand is repaired by {sorted(repair) or 'nothing'}"


def _experiment(name: str, sends: str, holds: str, tried: Callable[[Workbench, Direction], str]) -> Experiment:
    return Experiment(name, sends, holds, _in_both(tried, holds), needs=tuple(Direction))


OWN_CLIENT: tuple[Experiment, ...] = (
    _experiment(
        "client-reads-back",
        "connectors of several kinds, as `pulumi up` makes them",
        "what is created reads back as declared, with its mark",
        _reads_back,
    ),
    _experiment("client-changes", "changes of every property, and back", "every property changes and clears", _changes),
    _experiment("client-renames", "a rename", "the Guid stays", _renames),
    _experiment(
        "client-removes",
        "a Remove-, again, and a change afterwards",
        "it is gone, removing it again is fine, changing it is an error",
        _removes,
    ),
    _experiment(
        "client-takes-over",
        "the same create twice; and over a connector without our mark",
        "one connector; refused unless it is to be adopted",
        _takes_over,
    ),
    _experiment(
        "client-sees-drift",
        "a change by hand",
        "it is seen, and its repair sends nothing else",
        _sees_drift,
    ),
)
