"""Networks as ONNX files: exported, quantized, timed, weighed and answering."""
