"""Inference: run directories, engines, predictors, ONNX import and export, and the page reader."""
