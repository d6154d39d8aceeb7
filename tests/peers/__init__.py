"""Exported sets, read by the tools that people use beside this one, in an environment of their own."""
