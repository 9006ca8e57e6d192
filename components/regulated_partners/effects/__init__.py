"""What a change does to mail: weakens, outage risk, strengthens. Pure."""
