"""Why a model answered so: maps of what it looked at, the nearest pictures it learnt from, its features."""
