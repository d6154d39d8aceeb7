"""Where pictures come from, made readable as a folder: the disk itself, archives, buckets, lists of URLs."""
