"""The paths of the control API."""

from __future__ import annotations

from starlette.routing import Route

from exchange_online_emulator.control_api import views

ROUTES = [
    Route(f"/control/{path}", views.view(handler), methods=methods)
    for path, handler, methods in (
        ("status", views.status, ["GET"]),
        ("reset", views.reset, ["POST"]),
        ("seed", views.seed, ["POST"]),
        ("invoke", views.invoke, ["POST"]),
        ("calls", views.calls, ["GET", "DELETE"]),
        ("switches", views.switches, ["GET", "PATCH"]),
        ("faults", views.faults, ["GET", "POST", "DELETE"]),
        ("faults/{id:int}", views.fault, ["DELETE"]),
        ("applications", views.applications, ["GET", "POST"]),
        ("applications/{client_id}", views.application, ["DELETE"]),
        ("github", views.github_job, ["POST"]),
        ("tokens", views.token, ["POST"]),
    )
]
