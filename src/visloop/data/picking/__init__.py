"""Samples picked by hand under a name that questions know, and many samples changed at once."""
