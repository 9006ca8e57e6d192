"""Why a stack operation is refused."""

from regulated_partners.errors import CannotRunError

#: The operation was not started. The text says what is missing and what to do.
Refusal = CannotRunError
