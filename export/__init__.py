"""PyTorch to ONNX: one file that takes and gives pixels and describes itself."""
