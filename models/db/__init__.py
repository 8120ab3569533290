"""Maps of a DB detector: the layers that make them, targets from labels, boxes from maps."""
