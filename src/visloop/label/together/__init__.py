"""Pictures that are given to people: assigned, answered, looked over, disputed, settled."""
