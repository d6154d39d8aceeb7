"""Other forms of question and answer than one picture in and JSON out: the longer way."""
