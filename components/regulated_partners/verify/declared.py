"""The declared partners of a stack, as the settings of their two connectors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import StackFile


@dataclass(frozen=True)
class DeclaredPartner:
    """A partner of the stack.

    Attributes:
        name: as declared.
        inbound, outbound: the canonical settings of its connectors.
    """

    name: str
    inbound: InboundSettings
    outbound: OutboundSettings

    @property
    def domains(self) -> tuple[str, ...]:
        return self.outbound.recipient_domains

    def settings(self, direction: Direction) -> InboundSettings | OutboundSettings:
        """Those of one direction."""
        return self.inbound if direction is Direction.INBOUND else self.outbound

    def certificate_name(self, direction: Direction) -> str | None:
        """The name that the connector asks for in the partner's certificate.

        For outbound it is declared even where the connector does not compare it.
        """
        if direction is Direction.INBOUND:
            return self.inbound.tls_sender_certificate_name
        return self.outbound.tls_domain


def declared_partners(stack: StackFile) -> tuple[DeclaredPartner, ...]:
    """Every partner of the stack.

    Raises:
        CannotRunError: where the declarations hold an error; each one is said.
    """
    if stack.declared.errors:
        errors = "\n".join(f"  {error}" for error in stack.declared.errors)
        raise CannotRunError(f"The declarations in {stack.path} are wrong, so nothing was verified:\n{errors}")
    return tuple(
        DeclaredPartner(pair.name, pair.inbound.settings, pair.outbound.settings) for pair in stack.declared.pairs
    )


def declared_partner(stack: StackFile, name: str) -> DeclaredPartner:
    """The partner of a name; case does not matter. Raises CannotRunError with the nearest name."""
    partners = declared_partners(stack)
    for partner in partners:
        if partner.name.casefold() == name.strip().casefold():
            return partner
    raise CannotRunError(_no_such(name, [partner.name for partner in partners], stack))


def named_partners(stack: StackFile, names: Sequence[str]) -> tuple[DeclaredPartner, ...]:
    """The partners of these names, in their order; every partner where no name is given."""
    return tuple(declared_partner(stack, name) for name in names) if names else declared_partners(stack)


def _no_such(name: str, known: Iterable[str], stack: StackFile) -> str:
    names = list(known)
    if not names:
        return (
            f"{stack.path} declares no partner, so there is none named {name!r}; add it to regulated-partners:partners."
        )
    folded = {partner.casefold(): partner for partner in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    hint = f"Did you mean {folded[near[0]]!r}?" if near else f"The partners are {', '.join(names[:10])}."
    return f"{stack.path} declares no partner named {name!r}. {hint}"
