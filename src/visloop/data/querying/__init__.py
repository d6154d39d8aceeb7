"""Samples and their objects as a relation: fields, columns a chunk, rows, facets."""
