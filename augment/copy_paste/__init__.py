"""CopyPaste: cuts texts out of images, keeps them in a bank of crops and pastes them into other images."""

from augment.copy_paste.bank import BankBuilder, CropBalance, CropBank, CropColumns
from augment.copy_paste.crop import MIN_TEXT_HEIGHT, CropRules, TextCutout, crop_from_line, cut_crops
from augment.copy_paste.natural import NaturalPaste
from augment.copy_paste.occupancy import OccupancyMap, PastePosition
from augment.copy_paste.paddle import PaddlePaste
from augment.copy_paste.paste import CopyPaste, PasteMode

__all__ = [
    "MIN_TEXT_HEIGHT",
    "BankBuilder",
    "CopyPaste",
    "CropBalance",
    "CropBank",
    "CropColumns",
    "CropRules",
    "NaturalPaste",
    "OccupancyMap",
    "PaddlePaste",
    "PasteMode",
    "PastePosition",
    "TextCutout",
    "crop_from_line",
    "cut_crops",
]
