"""Where the Pulumi engine starts the policy pack."""

from regulated_partners.policies.pack import serve

serve()
