"""`regulated-partners preview`: previews stacks, reviews what they would do to mail, saves the plans for `up`."""
