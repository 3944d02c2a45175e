"""Measure what pruning saves: zeros in dense tensors, sparse products, and filters cut out.

Run as `python benchmarks/pruning.py` on a quiet machine (about a minute). Writes pruning_zeros.csv,
pruning_sparse_products.csv and pruning_latency.csv. One thread; all candidates of a table in turn,
warm. The clock counts this thread's processor time, so that other work on the machine does not
count.
"""

import argparse
import gzip
import time
import warnings

import numpy as np
import scipy.sparse
import torch

from labcode.pruning import magnitude, save_dense, save_sparse, select
from labcode.runtime import Timing, onnx_session, ready_to_run, time_in_turn, to_onnx
from labcode.studies.definition import Row
from labcode.studies.pruning.tables import LATENCY, SPARSE_PRODUCTS, STUDY, ZEROS
from labcode.studies.pruning.unit_trials import WIDTHS, cut_by
from labcode.studies.timings import keep, load_average
from labcode.weights import baselines

SHAPE = (1, 28, 28)
KEPT = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02)
SPARSITIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
CUTS = {  # filters and neurons that stay; "0.7" is the public lab's 30 % of channels removed
    "whole": {},
    "0.7": {"conv1": 14, "conv2": 35, "fc1": 350},
    "half": WIDTHS["lenet5"]["half"],
    "fifth": WIDTHS["lenet5"]["fifth"],
}


def images(batch: int) -> np.ndarray:
    """Random images, the same each time."""
    return np.random.default_rng(0).standard_normal((batch, *SHAPE), dtype=np.float32)


def in_torch(model: torch.nn.Module, batch: int):
    """A function that runs the model once in PyTorch."""
    tensor = torch.from_numpy(images(batch))

    def run() -> object:
        with torch.inference_mode():
            return model(tensor)

    return run


def in_onnx_runtime(model: torch.nn.Module, batch: int):
    """A function that runs the model once in ONNX Runtime."""
    return ready_to_run(onnx_session(to_onnx(model, SHAPE, batch=batch)), images(batch))


def zeros(runs: int) -> list[Row]:
    """LeNet-5 with more and more zeros: bytes of files, and time of a run on one image."""
    rows, candidates = [], {}
    for kept in KEPT:
        model = baselines.load("lenet5", seed=0)
        select(model, magnitude(model), kept).apply(model)
        file, onnx = save_dense(model), to_onnx(model, SHAPE)
        rows.append(
            {
                "kept": kept,
                "safetensors_bytes": len(file),
                "onnx_bytes": len(onnx),
                "gzip_bytes": len(gzip.compress(file, 9, mtime=0)),
                "csr_bytes": len(save_sparse(model, "csr")),
                "relative_bytes": len(save_sparse(model, "relative")),
            }
        )
        candidates[f"onnxruntime {kept}"] = in_onnx_runtime(model, 1)
        candidates[f"torch {kept}"] = in_torch(model, 1)
    found = time_in_turn(candidates, runs=runs, warmup=10, clock=time.thread_time)
    for row in rows:
        for runtime in ("onnxruntime", "torch"):
            row |= times(found[f"{runtime} {row['kept']}"], runtime)
    return rows


def sparse_products(runs: int) -> list[Row]:
    """A layer times images, dense and in CSR form."""
    rows, candidates = [], {}
    generator = torch.Generator().manual_seed(0)
    for outputs, inputs in ((500, 800), (2048, 2048)):
        for batch in (1, 64):
            # One image is a vector: PyTorch's dense product is faster for it than for a column.
            x = torch.rand((inputs, batch) if batch > 1 else (inputs,), generator=generator)
            array = x.numpy()
            for sparsity in SPARSITIES:
                weight = torch.rand(outputs, inputs, generator=generator)
                weight[torch.rand(outputs, inputs, generator=generator) < sparsity] = 0.0
                csr, by_scipy = weight.to_sparse_csr(), scipy.sparse.csr_matrix(weight.numpy())
                name = f"{outputs}x{inputs}, {batch}, {sparsity}"
                ones = {
                    "dense": lambda w=weight, x=x: w @ x,
                    "torch_csr": lambda w=csr, x=x: w @ x,
                    "scipy_csr": lambda w=by_scipy, x=array: w @ x,
                }
                for kind, function in ones.items():
                    candidates[f"{kind} {name}"] = function
                facts = {"outputs": outputs, "inputs": inputs, "batch": batch}
                rows.append((name, facts | {"sparsity": sparsity}))
    found = time_in_turn(candidates, runs=runs, warmup=3, clock=time.thread_time)
    kinds = ("dense", "torch_csr", "scipy_csr")
    return [
        facts | {f"{k}_us": f"{1e3 * found[f'{k} {name}'].median_ms:.4g}" for k in kinds}
        for name, facts in rows
    ]


def latencies(runs: int) -> list[Row]:
    """LeNet-5 whole and with filters cut out, one image and a hundred.

    Only candidates of one batch and one runtime take turns: a hundred images would empty the
    caches for the one.
    """
    models = {name: baselines.load("lenet5", seed=0) for name in CUTS}
    models |= {n: cut_by(models[n], counts, "L1 norm", 0) for n, counts in CUTS.items() if counts}
    rows = []
    for batch in (1, 100):
        found = {}
        for runtime, function in (("onnxruntime", in_onnx_runtime), ("torch", in_torch)):
            ready = {name: function(model, batch) for name, model in models.items()}
            found[runtime] = time_in_turn(ready, runs=runs, warmup=20, clock=time.thread_time)
        for name in CUTS:
            row: Row = {"network": name, "batch": batch}
            for runtime in found:
                row |= times(found[runtime][name], runtime)
            rows.append(row)
    return rows


def times(timing: Timing, runtime: str) -> Row:
    """The columns of one candidate."""
    low, high = timing.quartiles_ms
    values = {"median_ms": timing.median_ms, "low_ms": low, "high_ms": high}
    return {f"{runtime}_{name}": f"{value:.4g}" for name, value in values.items()}


TABLES = (
    (ZEROS, zeros, 300),
    (SPARSE_PRODUCTS, sparse_products, 60),
    (LATENCY, latencies, 300),
)


def main() -> None:
    """Measure the tables named, or all, and write them."""
    names = [table.name for table, _, _ in TABLES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"from {', '.join(names)}; none means all")
    chosen = parser.parse_args().tables or names
    facts = {
        "packages": ("onnxruntime", "torch", "scipy"),
        "threads": 1,
        "clock": "processor time of the thread",
        "load_average": load_average(),
        "time": "median of the runs; all candidates of a table in turn, warm",
    }
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
    for table, function, runs in TABLES:
        if table.name in chosen:
            rows = function(runs)
            print(keep(STUDY, table, function, rows, runs=runs, **facts).read_text())


if __name__ == "__main__":
    main()
