"""Networks, losses, target maps, decoding and metrics of PP-OCRv2, in torch alone; each module names its paper."""
