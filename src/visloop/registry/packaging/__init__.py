"""A model as one file: what is in it, who signed it, what it is made of."""
