"""Train the student that the page *Draw a digit* ships (a minute on one core).

Run as `python experiments/drawing.py`. Stores student.safetensors in labcode.weights. The page's
other networks are stored by the experiments that made them.
"""

import sys

import torch
from safetensors.torch import save

from labcode import weights
from labcode.studies.distillation.trials import augmented_student

SEED = 0


def main() -> int:
    """Distil LeNet-5 into the student on changed images: drawings vary more than scans."""
    torch.set_num_threads(1)
    model = augmented_student("live teacher", SEED)
    weights.keep(
        "student.safetensors",
        save(model.state_dict()),
        network="student",
        seed=SEED,
        dataset="mnist5k",
        made_by="labcode.studies.distillation.trials.augmented_student",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
