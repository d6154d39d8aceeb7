"""The three-way merge of versions, down to one field of one object."""
