"""The same network in other forms."""
