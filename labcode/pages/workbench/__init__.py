"""The workbench: a page on which a reader prunes, trains, shares and packs a network.

All of it is computed in the reader's browser: `engine` holds the scripts that do, `static` those
that show. This folder's Python makes what they load.
"""
