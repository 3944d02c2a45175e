"""The experiments of the part *Architecture design*, each as a function of a setting and a seed."""
