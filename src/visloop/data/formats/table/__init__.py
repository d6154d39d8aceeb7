"""CSV: one row an object or a picture, whatever the columns are called."""
