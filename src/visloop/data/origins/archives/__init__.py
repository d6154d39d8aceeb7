"""Archives: told apart by name and first bytes, unpacked safely into a private folder."""
