"""Connectors as Pulumi resources: thin adapters between `pulumi.dynamic`, the domain and the client."""

from exchange_online.resources import serialization
from exchange_online.resources.inbound_connector import InboundConnector
from exchange_online.resources.outbound_connector import OutboundConnector

__all__ = ["InboundConnector", "OutboundConnector"]

serialization.repair()
