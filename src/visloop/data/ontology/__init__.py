"""Work on the class dictionary: details, colours, files of classes; rename, merge, split as one version."""
