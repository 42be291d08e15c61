"""Use cases: one function joins reading, deciding and writing. The caller commits."""
