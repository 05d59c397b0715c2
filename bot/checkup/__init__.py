"""Is every part well, and how is it mended? Asked by ``yingda doctor`` and by the console's status page."""
