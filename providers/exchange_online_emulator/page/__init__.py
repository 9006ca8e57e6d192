"""The emulator's page, for a person who looks: what the tenant holds, drawn, and what was just asked of it."""

from exchange_online_emulator.page.view import ROUTES

__all__ = ["ROUTES"]
