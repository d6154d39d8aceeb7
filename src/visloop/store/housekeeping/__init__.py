"""What is kept alive, collecting what is not, and reading everything again."""
