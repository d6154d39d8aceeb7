"""What is wrong with a data set, whatever learns from it: found, told in one shape, and mended in bulk."""
