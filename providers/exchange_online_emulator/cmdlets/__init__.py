"""The cmdlets: what each accepts, refuses, stores and returns. No HTTP."""
