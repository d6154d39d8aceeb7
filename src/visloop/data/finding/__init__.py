"""Pictures found by words and by example: vectors of all pictures in one file, the nearest of a version."""
