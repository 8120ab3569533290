"""Text lines: sampling, layout, placement, drawing in stages."""
