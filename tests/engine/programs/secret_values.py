"""A partner and a connector, as `DECLARED` has them; `{"secret": value}` stands for a secret output."""

from __future__ import annotations

import json
import os
from typing import Any

import pulumi

from exchange_online import InboundConnector
from regulated_partners import RegulatedPartner


def read(value: Any) -> Any:
    if isinstance(value, dict):
        return pulumi.Output.secret(value["secret"]) if "secret" in value else {k: read(v) for k, v in value.items()}
    return [read(item) for item in value] if isinstance(value, list) else value


declared = read(json.loads(os.environ["DECLARED"]))
RegulatedPartner(**declared["partner"])
if "connector" in declared:
    hidden = pulumi.ResourceOptions(additional_secret_outputs=["sender_domains"])
    InboundConnector("Raw", **declared["connector"], opts=hidden)
