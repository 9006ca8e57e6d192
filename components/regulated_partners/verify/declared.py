"""The declared partners of a stack, by their names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from regulated_partners.errors import CannotRunError
from regulated_partners.partners import Pair, StackFile


def declared_partners(stack: StackFile) -> tuple[Pair, ...]:
    """Every partner of the stack.

    Raises:
        CannotRunError: where the declarations hold an error; each one is said.
    """
    if stack.declared.errors:
        errors = "\n".join(f"  {error}" for error in stack.declared.errors)
        raise CannotRunError(f"The declarations in {stack.path} are wrong, so nothing was verified:\n{errors}")
    return stack.declared.pairs


def declared_partner(stack: StackFile, name: str) -> Pair:
    """The partner of a name; case does not matter. Raises CannotRunError with the nearest name."""
    partners = declared_partners(stack)
    for partner in partners:
        if partner.name.casefold() == name.strip().casefold():
            return partner
    raise CannotRunError(_no_such(name, [partner.name for partner in partners], stack))


def named_partners(stack: StackFile, names: Sequence[str]) -> tuple[Pair, ...]:
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
