"""`regulated-partners review`: what a plan does to mail, for the people who approve it."""
