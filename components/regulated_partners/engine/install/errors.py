"""Why a way of getting the Pulumi CLI did not work."""


class RouteError(Exception):
    """One way did not work. The text is one sentence: what was tried, and what to install or set."""


class InstallError(Exception):
    """No way worked, or the cache cannot be used. The text is for the person reading the log."""
