"""What is wrong with the pictures themselves: the same in several splits, labels that are doubted."""
