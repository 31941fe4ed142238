"""Reading a design file, and everything that can be wrong with it."""
