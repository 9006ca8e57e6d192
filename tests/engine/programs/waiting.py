"""A program that declares a connector and then takes its time, as one does that asks a slow service."""

import asyncio

import pulumi

from exchange_online import InboundConnector

InboundConnector("waiting", name="Waiting in", sender_domains=["waiting.example"])
pulumi.export("late", pulumi.Output.from_input(asyncio.sleep(120)))
