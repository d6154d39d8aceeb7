"""Pictures that are fetched: from buckets, and from lists of URLs."""
