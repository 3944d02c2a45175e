"""The process that answers: right answers, no PyTorch, and a clear end for a cut picture."""

import json
import subprocess
import sys

import pytest
import torch

from labcode import data
from labcode.runtime import to_onnx
from labcode.weights import baselines


def run(file: str, pictures: bytes, *flags: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *flags, "-m", "labcode.runtime.answer", file]
    return subprocess.run(command, input=pictures, capture_output=True)


@pytest.mark.slow
def test_it_answers_as_the_network_does_without_torch(tmp_path) -> None:
    model = baselines.load("lenet_300_100", seed=0)
    file = tmp_path / "network.onnx"
    file.write_bytes(to_onnx(model, (1, 28, 28)))
    images = data.load("mnist5k").test.images[:5]
    pictures = (images * 255).round().to(torch.uint8).numpy().tobytes()
    done = run(str(file), pictures, "-X", "importtime")
    *answers, last = map(json.loads, done.stdout.splitlines())
    with torch.inference_mode():
        expected = model(images).softmax(dim=1).max(dim=1)
    assert [a["label"] for a in answers] == expected.indices.tolist()
    found = torch.tensor([a["probability"] for a in answers])
    torch.testing.assert_close(found, expected.values, rtol=1e-4, atol=1e-5)
    assert all(a["ms"] > 0 for a in answers)
    assert last["peak_mib"] is None or 20 < last["peak_mib"] < 300  # MiB, and not torch's
    imported = {line.rsplit(b"|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert b"onnxruntime" in imported
    assert b"torch" not in imported

    cut = run(str(file), pictures[:1000])
    assert cut.returncode != 0
    assert b"must have 784 bytes, but the last one has 216" in cut.stderr
    assert len(cut.stdout.splitlines()) == 1  # the whole picture before it was answered


def test_without_a_file_it_says_how_it_is_run() -> None:
    done = subprocess.run([sys.executable, "-m", "labcode.runtime.answer"], capture_output=True)
    assert done.returncode != 0
    assert b"python -m labcode.runtime.answer network.onnx" in done.stderr
