"""Search over parameters and recipes: a study of trials, each of them a run."""
