"""The paths of the admin API; case does not matter in `adminApi` (observed:single RAWHTTP)."""

from __future__ import annotations

from starlette.routing import Route

from exchange_online_emulator.admin_api import module_file, views

ROUTES = [
    Route(f"/{name}/{version}/{{tenant}}/{path}", endpoint, methods=[method])
    for name in ("adminapi", "AdminApi", "adminApi")
    for version, path, endpoint, method in (
        ("beta", "InvokeCommand", views.invoke_command, "POST"),
        ("v1.0", "EXOModuleFile", module_file.exported_cmdlets, "GET"),
    )
]
