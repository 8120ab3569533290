"""Maps of a DB detector: the head, targets from labels, boxes from maps."""
