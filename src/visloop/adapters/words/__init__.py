"""The text network behind search by words: all-MiniLM-L6-v2 in int8, and how it reads a text."""
