"""Metadata as typed fields: the catalogue, a data set's own fields, values checked on every write."""
