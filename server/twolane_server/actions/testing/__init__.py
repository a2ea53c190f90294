"""What *Generate tests* is made of: where a project keeps its tests, how they look, how one is added."""
