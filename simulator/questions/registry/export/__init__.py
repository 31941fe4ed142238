"""A registry's export as it lies on disk, and the mapping by which it is read."""
