"""The verbs, one module for each part of the work."""
