"""Backbones of recognizers and detectors. A module here registers its classes; no other file has to name them."""
