"""Where the Pulumi engine starts the pack: `python -m pulumi.policy ENGINE policies`."""

from regulated_partners.policies.pack import serve

serve()
