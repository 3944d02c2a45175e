"""Train the student that the page *Draw a digit* ships (a minute on one core).

Run as `python experiments/drawing.py`. Writes labcode/pages/drawing/stored/. The page's other
networks are stored by the experiments that made them.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from labcode.studies.distillation.trials import augmented_student

STORED = Path(__file__).resolve().parent.parent / "labcode/pages/drawing/stored"
SEED = 0


def main() -> int:
    """Distil LeNet-5 into the student on changed images: drawings vary more than scans."""
    torch.set_num_threads(1)
    STORED.mkdir(exist_ok=True)
    model = augmented_student("live teacher", SEED)
    save_file(model.state_dict(), STORED / "student.safetensors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
