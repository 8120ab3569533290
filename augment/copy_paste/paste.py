"""CopyPaste: texts of other pictures pasted into a scene, with their labels (PP-OCRv2, section 2.1.3)."""

import dataclasses
from typing import TypeAlias

import numpy as np

from augment.copy_paste.bank import LEVELS, CropBank
from augment.copy_paste.natural import NaturalPaste
from augment.copy_paste.paddle import PaddlePaste
from synthtext.core import AppliedEffect, Parameters, Scene, TextInstance

PasteMode: TypeAlias = NaturalPaste | PaddlePaste

NAME = "copy_paste"
"""What it is recorded under."""


class CopyPaste:
    """Pastes crops of a bank into scenes: for jobs and, on the fly, for training.

    Args:
        bank: of the crops.
        mode: how they are pasted.

    Raises:
        InputError: the mode can paste none of the crops.
    """

    def __init__(self, bank: CropBank, mode: PasteMode | None = None) -> None:
        self.bank = bank
        self.mode: PasteMode = mode or NaturalPaste()
        self._draw = self.mode.prepare(bank)

    def __call__(self, scene: Scene, rng: np.random.Generator) -> Scene:
        """The scene with texts pasted into it; the argument is left as it is."""
        return self.apply(scene, self.draw(rng, scene))

    def draw(self, rng: np.random.Generator, scene: Scene) -> Parameters:
        """Draw what is pasted where.

        Returns:
            "wanted" (how many should be pasted), "pastes" (one object each: number of the crop, and where and how it
            is pasted) and "failed" (why the others are not, counted).
        """
        return self._draw(rng, scene)

    def apply(self, scene: Scene, parameters: Parameters) -> Scene:
        """The scene with what was drawn; new instances come after the old ones, in the order of the pastes."""
        image = scene.image.copy()
        pasted = [self._instance(paste, self.mode.paste(image, self.bank, paste)) for paste in parameters["pastes"]]
        meta = dataclasses.replace(scene.meta, effects=(*scene.meta.effects, AppliedEffect(NAME, parameters)))
        return dataclasses.replace(scene, image=image, instances=(*scene.instances, *pasted), meta=meta)

    def _instance(self, paste: Parameters, polygon: "np.ndarray") -> TextInstance:
        bank, number = self.bank, paste["crop"]
        return TextInstance(
            text=bank.text(number),
            polygon=polygon,
            ignore=bool(bank.columns.ignored[number]),
            level=LEVELS[bank.columns.levels[number]],
            origin=bank.origin(number),
        )
