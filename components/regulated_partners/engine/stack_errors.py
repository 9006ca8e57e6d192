"""Why a stack operation is refused."""


class Refusal(Exception):  # noqa: N818 - it is not a defect: the user asked for what cannot be done
    """The operation was not started. The text says what is missing and what to do."""
