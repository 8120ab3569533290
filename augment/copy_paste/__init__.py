"""CopyPaste: cutting texts out of pictures, keeping them in a bank, pasting them into others."""

from augment.copy_paste.bank import Balance, BankBuilder, Columns, CropBank
from augment.copy_paste.crop import SMALLEST, Crop, CutRules, crop_of_line, crop_of_sample, cut_crops
from augment.copy_paste.natural import NaturalPaste
from augment.copy_paste.occupancy import Occupancy, Place
from augment.copy_paste.paddle import ReleasedPaste
from augment.copy_paste.paste import CopyPaste, PasteMode

__all__ = [
    "SMALLEST",
    "Balance",
    "BankBuilder",
    "Columns",
    "CopyPaste",
    "Crop",
    "CropBank",
    "CutRules",
    "NaturalPaste",
    "Occupancy",
    "PasteMode",
    "Place",
    "ReleasedPaste",
    "crop_of_line",
    "crop_of_sample",
    "cut_crops",
]
