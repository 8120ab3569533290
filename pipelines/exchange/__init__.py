"""Networks to ONNX files and back."""
