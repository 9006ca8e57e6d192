"""The native face: the resources and functions of the plugin `exchange-online`, for programs in any language.

It answers the engine's gRPC calls itself, so a program needs none of this code, and one process serves one provider of
a program. Nothing here knows of partners: the component is handed in by the plugin that starts it.
"""
