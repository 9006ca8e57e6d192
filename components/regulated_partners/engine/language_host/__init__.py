"""A language host for Python programs: serves `pulumirpc.LanguageRuntime` to the Pulumi engine.

The engine starts the executable `pulumi-language-python`, reads a port from its first line of output, and asks over
gRPC to run the program, policy packs and plugins. The official host is a Go module without release tags, so where
only a Go module proxy can be reached there is none; this one takes its place beside a CLI built from source.

Source: pulumi/pulumi, proto/pulumi/language.proto (the stubs are in the `pulumi` package, `pulumi.runtime.proto`).
"""
