"""EfficientNet-Lite0 on labelled photographs: what each method costs a real network."""
