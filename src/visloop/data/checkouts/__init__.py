"""A version's pictures written out as files, and kept up with later versions."""
