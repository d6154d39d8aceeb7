"""What `add` and `quarantine retry` do with an offered file, from reading it to staging it."""
