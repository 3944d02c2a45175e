"""The study *folds*: differences of the chapters once more, with each digit a test digit once."""
