"""What one provider process knows: the stack's connection, made when it is first needed, and what was said."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping

from exchange_online.admin_api import (
    AdminApi,
    ConnectorCmdlets,
    Misconfigured,
    Pace,
    Settings,
    Shared,
    Tenant,
    TransportRules,
    concurrent_calls,
    connection,
    pace,
    settings_from,
)
from exchange_online.admin_api.client import PROCESS
from exchange_online.admin_api.settings import refuse_malformed
from exchange_online.connectors import redacted
from exchange_online.lifecycle import HandedOn, Lifecycle, Listing, Ownership, TenantWays
from exchange_online.messages import Running, rule_of
from exchange_online.names import guid_of


class Session:
    """One stack's tenant, for the connectors of both directions: one client, one listing of each. Thread-safe.

    Args:
        say: shows a warning to the person who runs Pulumi: its text, and the URN of the resource that it is about,
            empty where it is about none. Must not raise.
        shared: what its client has in common with others: all of the process unless given.
        engine: says where the engine of the run listens, host:port; empty where the run has no other process.

    Attributes:
        ownership: known before there is a connection: a check with old inputs tells that the program still declares a
            resource.
    """

    def __init__(
        self,
        say: Callable[[str, str], None],
        environ: Mapping[str, str] = os.environ,
        shared: Shared = PROCESS,
        engine: Callable[[], str] = str,
    ) -> None:
        self.ownership = Ownership(engine=engine)
        self._say = say
        self._environ = environ
        self._shared = shared
        self._paces: list[Pace] = []
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._marks = True
        self._named: Tenant | None = None
        self._known: tuple[str, ...] = ()
        self._lifecycle: Lifecycle | None = None
        self._ways: TenantWays | None = None
        self._said: set[str] = set()
        self._warnings = Running("warning", environ)

    def configure(self, setting: Callable[[str], object]) -> None:
        """Keeps what the stack says about the connection. Opens nothing, and never fails: previews need no tenant.

        Args:
            setting: gives the value of a setting by its name without a namespace, None where there is none.
        """
        settings = settings_from(setting)
        marks = setting("ownershipMark") not in (False, "false")
        known = _known_ways(setting("knownWays"))
        with self._lock:
            if (settings, marks, known) != (self._settings, self._marks, self._known):
                self._settings, self._marks, self._known = settings, marks, known
                self._named, self._lifecycle, self._ways = None, None, None

    def refuse_malformed_settings(self) -> None:
        """Raises `Misconfigured` for a setting that can be none; a preview asks for no more than that."""
        with self._lock:
            settings = self._settings
        if settings is not None:
            refuse_malformed(settings)

    def lifecycle(self) -> Lifecycle:
        """What acts on the tenant; `check` and `diff` never ask for it.

        Raises:
            Misconfigured: where settings and environment do not suffice.
        """
        with self._lock:
            if self._lifecycle is None:
                self._lifecycle = self._connected()
            return self._lifecycle

    def ways(self) -> TenantWays:
        """The other ways that mail can take in the tenant. Raises what `lifecycle` raises."""
        lifecycle = self.lifecycle()
        with self._lock:
            if self._ways is None:
                self._ways = TenantWays(lifecycle.listing, lifecycle.rules, self.ownership, self._known)
            return self._ways

    def cancel(self) -> None:
        """Ends what waits, and writes nothing further: what waits fails in words. What is on its way is finished."""
        self._shared.cancel()
        self._cancelled.set()
        for sleep in tuple(self._paces):
            sleep.end()

    @property
    def marks(self) -> bool:
        """Whether connectors get the mark of the stack."""
        with self._lock:
            return self._marks

    def tenant(self) -> Tenant:
        """The tenant that calls reach. Raises what `lifecycle` raises, and what finding the tenant of a domain does."""
        return self.lifecycle().cmdlets.tenant()

    def named_tenant(self) -> Tenant:
        """The tenant as far as settings and environment name it, without asking anybody."""
        with self._lock:
            if self._named is None:
                self._named = _named(self._settings, self._environ)
            return self._named

    def warn(self, text: str, kind: str = "", *, urn: str = "") -> None:
        """Shows a warning, once however many resources say the same.

        Args:
            text: a sentence, the connector in front.
            kind: of hundreds of one kind the first are shown, and a count. Unless given, the rule that the text names;
                of what is of no kind nothing is left out.
            urn: of the resource that it is about.
        """
        text = redacted(text)
        with self._lock:
            if text in self._said:
                return
            self._said.add(text)
        # What a write came to is said once and never again: only of what is said as often as asked is any left out.
        subject = text.partition("': ")[0] + "'"
        if text := self._warnings.passed(text, redacted(kind) or rule_of(text), subject):
            self._say(text, urn)

    def _connected(self) -> Lifecycle:
        if self._settings is None:
            raise RuntimeError("the provider was not configured")
        to = connection(self._settings, self._environ)
        sleep = pace(to.cloud, self._environ)
        self._paces.append(sleep)
        if self._cancelled.is_set():
            sleep.end()
        calls = concurrent_calls(self._settings, self._environ)
        api = AdminApi(to, sleep=sleep, shared=self._shared, calls=calls)
        cmdlets = ConnectorCmdlets(api)
        listing = Listing(cmdlets, sleep, HandedOn.named_by(self._environ))
        return Lifecycle(cmdlets, listing, TransportRules(api), sleep, self.ownership, marks=self._marks)


def _known_ways(value: object) -> tuple[str, ...]:
    """The engine hands on a list as JSON; what is none is said by the program."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ()
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _named(settings: Settings | None, environ: Mapping[str, str]) -> Tenant:
    if settings is None:
        return Tenant("", "")
    try:
        return Tenant(guid_of(connection(settings, environ).tenant), settings.cloud)
    except Misconfigured:
        # What is missing is said when something is to be sent.
        return Tenant(guid_of(settings.tenant or ""), settings.cloud)
