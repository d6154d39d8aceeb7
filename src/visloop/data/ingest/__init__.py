"""Reading what a person hands over: which files, what each picture is, what its labels mean."""
