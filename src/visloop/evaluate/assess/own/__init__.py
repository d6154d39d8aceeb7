"""The kinds of assessment, a module each; `assess.kinds` lists them."""
