"""The frozen names: what stands in the state of every stack, and what stack files are written with.

They outlive every change of the code. Two more stand in each state, as the pickle of a provider: the dotted paths
`exchange_online.resources.dynamic.InboundConnectorProvider` and `…OutboundConnectorProvider`; a test holds the golden
pickle.
"""

#: The namespace of a stack's settings, whatever the project is called: `regulated-partners:cloud`.
NAMESPACE = "regulated-partners"

#: What a stack's `cloud` may be: the emulator on this machine, which counts unless it is set, and Microsoft's clouds.
LOCAL = "local"
CLOUD_NAMES = (LOCAL, "commercial", "gcc-high", "dod", "china")

#: The highest value of a stack's `concurrentCalls`: calls on their way to a tenant at a time.
MOST_CALLS = 10

#: The package of the resources, in type tokens and as a plugin.
PACKAGE = "exchange-online"

#: Type tokens of the dynamic resources.
INBOUND_TOKEN = f"pulumi-python:dynamic/{PACKAGE}:InboundConnector"
OUTBOUND_TOKEN = f"pulumi-python:dynamic/{PACKAGE}:OutboundConnector"
