"""Run the command: `python -m labcode count torchvision:resnet50`."""

from __future__ import annotations

import sys

from labcode.command import main

if __name__ == "__main__":
    sys.exit(main())
