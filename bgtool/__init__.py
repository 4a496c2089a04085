"""Batch background removal for scanned documents and photos of people, on onnxruntime."""

__version__ = "0.1.0"
