def levels(text):
    return [0] * len(text)


def visual_order(levels):
    return list(range(len(levels)))


def has_bidi_controls(text):
    return False
