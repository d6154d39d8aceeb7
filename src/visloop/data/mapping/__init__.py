"""Maps: every picture of a version as a point, those that look alike near one another."""
