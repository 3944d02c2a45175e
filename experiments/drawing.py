"""Make the two small networks that the page *Draw a digit* ships (a few minutes on one core).

Run as `python experiments/drawing.py`. Writes labcode/drawing/stored/.
"""

from pathlib import Path

from safetensors.torch import save

from labcode.distillation.trials import augmented_student

STORED = Path(__file__).resolve().parent.parent / "labcode" / "drawing" / "stored"
SEED = 0


def make_student() -> bytes:
    """Distil LeNet-5 into the student on changed images: drawings vary more than scans."""
    return save(augmented_student("live teacher", SEED).state_dict())
