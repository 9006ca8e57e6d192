"""Real name servers: Knot signs and serves zones, Unbound validates them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.resolver

from tests.verify_servers.processes import Server, listens
from tools.servers import program

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Zone:
    """A zone.

    Attributes:
        name: such as `fabrikam.test`.
        records: lines of a zone file, below SOA and NS.
        signed: with DNSSEC.
        bogus: signed, with a trust anchor that does not fit, as after a failed change of keys.
    """

    name: str
    records: str
    signed: bool = True
    bogus: bool = False


_HEAD = "@ 60 SOA ns hostmaster 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
_KNOT = """
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}/kdb
policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
zone:
"""
_UNBOUND = """
server:
    interface: 127.0.0.1
    port: {port}
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    do-daemonize: no
    use-syslog: no
    chroot: ""
    username: ""
    directory: "{folder}"
    pidfile: "{folder}/unbound.pid"
    module-config: "validator iterator"
    trust-anchor-file: "{folder}/anchors"
    local-zone: "test." nodefault
remote-control:
    control-enable: no
"""


class NameServers:
    """Both servers, running.

    Args:
        folder: empty.
        ports: of Knot and of Unbound, on 127.0.0.1.
        zones: to serve.
    """

    def __init__(self, folder: Path, ports: tuple[int, int], zones: tuple[Zone, ...]) -> None:
        self._folder, self._knot_port, self.port = folder, ports[0], ports[1]
        (folder / "kdb").mkdir()
        self._knot = self._start_knot(zones)
        try:
            self._unbound = self._start_unbound(zones)
        except BaseException:
            self._knot.stop()
            raise

    def stop(self) -> None:
        """Ends both."""
        self._unbound.stop()
        self._knot.stop()

    def _start_knot(self, zones: tuple[Zone, ...]) -> Server:
        text = _KNOT.format(port=self._knot_port, folder=self._folder)
        for zone in zones:
            (self._folder / f"{zone.name}.zone").write_text(f"$ORIGIN {zone.name}.\n{_HEAD}{zone.records}\n")
            text += f"  - domain: {zone.name}\n    file: {self._folder}/{zone.name}.zone\n    zonefile-sync: -1\n"
            text += "    zonefile-load: difference-no-serial\n    journal-content: all\n"
            text += "    dnssec-signing: on\n    dnssec-policy: lab\n" if zone.signed else ""
        (self._folder / "knot.conf").write_text(text)
        return Server(
            [program("knotd"), "-c", str(self._folder / "knot.conf")],
            self._folder / "knot.log",
            lambda: all(_serves(zone, self._knot_port) for zone in zones),
        )

    def _start_unbound(self, zones: tuple[Zone, ...]) -> Server:
        anchors = "".join(self._anchor(zone) for zone in zones if zone.signed)
        (self._folder / "anchors").write_text(anchors)
        text = _UNBOUND.format(port=self.port, folder=self._folder)
        for zone in zones:
            text += f'stub-zone:\n    name: "{zone.name}"\n    stub-addr: {_ADDRESS}@{self._knot_port}\n'
        (self._folder / "unbound.conf").write_text(text)
        return Server(
            [program("unbound"), "-d", "-c", str(self._folder / "unbound.conf")],
            self._folder / "unbound.log",
            lambda: listens(_ADDRESS, self.port),
        )

    def _anchor(self, zone: Zone) -> str:
        command = [program("keymgr"), "-c", str(self._folder / "knot.conf"), zone.name, "ds"]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        line = next(each for each in found if " 13 2 " in each)
        if not zone.bogus:
            return f"{line}\n"
        head, _, digest = line.rpartition(" ")
        return f"{head} {digest[::-1]}\n"


def _serves(zone: Zone, port: int) -> bool:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [_ADDRESS], port
    try:
        return bool(resolver.resolve(f"{zone.name}.", "DNSKEY" if zone.signed else "SOA", lifetime=1).rrset)
    except dns.exception.DNSException:
        return False
