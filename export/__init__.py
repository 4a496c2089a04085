"""PyTorch to ONNX: one file that takes and gives pixels and describes itself."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before any module of it imports onnxruntime
