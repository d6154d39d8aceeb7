"""The registry of cameras: where each stands, what its clock is wrong by, which pictures are its."""
