"""The choices of the design space; no PyTorch here, so that a worker who looks up starts fast."""

SQUEEZE_RATIOS = (0.125, 0.25, 0.5, 1.0)  # the paper goes from 0.125 to 1.0
SHARES = (0.0, 0.5, 1.0)  # of 3x3 filters; the paper goes from 1 % to 99 %
BYPASSES = ("plain", "simple", "complex")
