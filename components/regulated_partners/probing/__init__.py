"""What the servers and certificates of a partner show, judged: shared by `verify` and by the pre-flight.

`collect` looks and judges nothing: a `Probe` is facts, which a file keeps. `routes` and `report_route` judge it by a
`Demand`, without a network. `certificate_findings` judges a certificate alone.
"""
