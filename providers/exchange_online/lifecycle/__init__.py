"""Create, read, update and delete so that nothing is lost or done twice; the shared listing; who owns what."""
