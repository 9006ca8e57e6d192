"""The paths of the token endpoint."""

from __future__ import annotations

from starlette.routing import Route

from exchange_online_emulator.tokens import github, managed_identity, views

ROUTES = [
    Route("/common/discovery/instance", views.instance_discovery, methods=["GET"]),
    Route("/metadata/identity/oauth2/token", managed_identity.token, methods=["GET"]),
    Route("/control/github/idtoken", github.id_token, methods=["GET"]),
    Route("/{tenant}/oauth2/v2.0/token", views.token, methods=["POST"]),
    Route("/{tenant}/v2.0/.well-known/openid-configuration", views.openid_configuration, methods=["GET"]),
    Route("/{tenant}/discovery/v2.0/keys", views.keys, methods=["GET"]),
]
