"""Metadata out of tables: rows of CSV, JSON and JSON lines find their samples."""
