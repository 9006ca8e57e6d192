"""The CrossGuard policy pack for forced TLS: `pulumi preview --policy-pack policies`.

Rules are pure functions over canonical settings; `pack` is the only module that knows CrossGuard.
"""
