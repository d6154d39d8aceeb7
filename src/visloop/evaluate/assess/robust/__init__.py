"""Pictures that are hurt, by chance or on purpose, and what a model says of them then."""
