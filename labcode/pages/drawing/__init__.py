"""The page *Draw a digit*: its board, its networks and their input.

Nothing is imported here: the site, which copies what `labcode.pages.drawing.site` reads, is built
without PyTorch.
"""
