"""The declared partners of a stack, by their names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from regulated_partners.errors import CannotRunError
from regulated_partners.partners import Pair, StackFile

#: Values that say nothing about mail: where one of the others is a secret, nothing can be proven.
NOT_ABOUT_MAIL = frozenset({"comment", "inbound.comment", "outbound.comment", "acknowledge.reason"})


def declared_partners(stack: StackFile) -> tuple[Pair, ...]:
    """Every partner of the stack.

    Raises:
        CannotRunError: where the declarations hold an error; each one is said.
    """
    found = [*stack.declared.errors, *filter(None, [stack.undeclared])]
    if found:
        errors = "\n".join(f"  {error}" for error in found)
        raise CannotRunError(f"The declarations in {stack.path} are wrong, so nothing was verified:\n{errors}")
    return stack.declared.pairs


def declared_partner(stack: StackFile, name: str) -> Pair:
    """The partner of a name; case does not matter. Raises CannotRunError with the nearest name."""
    partners = {partner.name.casefold(): partner for partner in declared_partners(stack)}
    if found := partners.get(name.strip().casefold()):
        _stop_on_secrets(stack, (found,))
        return found
    if not partners:
        raise CannotRunError(
            f"{stack.path} declares no partner, so there is none named {name!r}; add it to regulated-partners:partners."
        )
    near = difflib.get_close_matches(name.casefold(), partners, n=1)
    known = ", ".join(partner.name for partner in list(partners.values())[:10])
    hint = f"Did you mean {partners[near[0]].name!r}?" if near else f"The partners are {known}."
    raise CannotRunError(f"{stack.path} declares no partner named {name!r}. {hint}")


def named_partners(stack: StackFile, names: Sequence[str]) -> tuple[Pair, ...]:
    """The partners of these names, in their order; every partner where no name is given."""
    if names:
        return tuple(declared_partner(stack, name) for name in names)
    found = declared_partners(stack)
    _stop_on_secrets(stack, found)
    return found


def _stop_on_secrets(stack: StackFile, pairs: Sequence[Pair]) -> None:
    """What stands in for a secret is nobody's server: looking at it would prove something that is not true."""
    kept = {pair.name: sorted(pair.secret - NOT_ABOUT_MAIL) for pair in pairs}
    if found := "".join(f"\n  {name}: {' and '.join(places)}" for name, places in kept.items() if places):
        raise CannotRunError(
            f"Values in {stack.path} are secrets, which only the engine can read, so nothing was verified:{found}\n"
            "Name the other partners, or keep these values readable."
        )
