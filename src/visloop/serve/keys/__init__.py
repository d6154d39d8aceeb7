"""API keys of a server: who may ask, how much, and whether their questions look like an attack."""
