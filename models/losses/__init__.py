"""Losses of PP-OCRv2 and loss terms. A module here registers its terms; no other file has to name them."""
