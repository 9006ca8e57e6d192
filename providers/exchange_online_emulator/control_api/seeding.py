"""Seeding: objects put into the tenant as they stand, without the rules that judge a cmdlet."""

from __future__ import annotations

from typing import Any

from exchange_online_emulator.cmdlets import transport_rules
from exchange_online_emulator.cmdlets.binding import bind
from exchange_online_emulator.cmdlets.changes import merged
from exchange_online_emulator.cmdlets.connectors import default_settings
from exchange_online_emulator.cmdlets.parameters import CmdletSpec, Parameter, find_cmdlet
from exchange_online_emulator.cmdlets.tenant import Immediate
from exchange_online_emulator.control_api.message_traces import plant_message
from exchange_online_emulator.control_api.models import Seed
from exchange_online_emulator.models import Kind, Settings, StoredObject
from exchange_online_emulator.service import Emulator


def plant(emulator: Emulator, seed: Seed) -> int:
    """Put a seed into the tenant in one transaction; returns how many objects were made. Raises `ServiceError`."""
    with emulator.store.transaction():
        created = sum(_domain(emulator, name) for name in seed.accepted_domains)
        created += _connectors(emulator, Kind.INBOUND, seed.inbound)
        created += _connectors(emulator, Kind.OUTBOUND, seed.outbound)
        created += sum(plant_message(emulator.store, message) for message in seed.messages)
        return created + _rules(emulator, seed.transport_rules)


def _domain(emulator: Emulator, name: str) -> int:
    if any(item.matches(name) for item in emulator.store.objects(Kind.ACCEPTED_DOMAIN)):
        return 0
    settings: Settings = {"DomainName": name, "DomainType": "Authoritative", "Default": False}
    emulator.store.insert(StoredObject(Kind.ACCEPTED_DOMAIN, name, settings))
    return 1


def _connectors(emulator: Emulator, kind: Kind, items: list[dict[str, Any]]) -> int:
    spec, taken, created = _seed_spec(kind), _names(emulator, kind), 0
    for item in items:
        bound = bind(spec, item)
        name = str(bound["Name"])
        if name.casefold() not in taken:
            emulator.store.insert(StoredObject(kind, name, merged(bound, default_settings(kind))))
            taken.add(name.casefold())
            created += 1
    return created


def _rules(emulator: Emulator, items: list[dict[str, Any]]) -> int:
    spec, taken, created = _spec("New-TransportRule"), _names(emulator, Kind.TRANSPORT_RULE), 0
    for item in items:
        bound = bind(spec, item)
        if str(bound["Name"]).casefold() not in taken:
            transport_rules.new(emulator.tenant, Immediate(), bound)
            taken.add(str(bound["Name"]).casefold())
            created += 1
    return created


def _names(emulator: Emulator, kind: Kind) -> set[str]:
    return {item.name.casefold() for item in emulator.store.objects(kind)}


def _seed_spec(kind: Kind) -> CmdletSpec:
    new, changed = _spec(f"New-{kind}"), _spec(f"Set-{kind}")
    extra: dict[str, Parameter] = {
        name: item for name, item in changed.parameters.items() if name not in new.parameters and name != "identity"
    }
    return CmdletSpec(new.name, {**extra, **new.parameters})


def _spec(name: str) -> CmdletSpec:
    spec = find_cmdlet(name)
    if spec is None:
        raise LookupError(name)
    return spec
