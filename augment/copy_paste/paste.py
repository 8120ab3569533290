"""CopyPaste: pastes texts of other images into a scene, with their labels (PP-OCRv2, section 2.1.3)."""

import dataclasses
from typing import TypeAlias

import numpy as np

from augment.copy_paste.bank import LEVELS, CropBank
from augment.copy_paste.natural import NaturalPaste
from augment.copy_paste.paddle import PaddlePaste
from synthtext.core import AppliedEffect, Parameters, Polygon, Scene, TextInstance

PasteMode: TypeAlias = NaturalPaste | PaddlePaste

EFFECT_NAME = "copy_paste"
"""The name under which the effect is recorded."""


class CopyPaste:
    """Pastes crops of a bank into scenes, in jobs and online in training.

    Args:
        bank: the bank of crops.
        mode: how crops are pasted; None: `NaturalPaste()`.

    Raises:
        InputError: the mode can paste none of the crops.
    """

    def __init__(self, bank: CropBank, mode: PasteMode | None = None) -> None:
        self.bank = bank
        self.mode: PasteMode = mode or NaturalPaste()
        self._draw = self.mode.prepare(bank)

    def __call__(self, scene: Scene, rng: np.random.Generator) -> Scene:
        """Return the scene with pasted texts. The argument is not modified."""
        return self.apply(scene, self.draw(rng, scene))

    def draw(self, rng: np.random.Generator, scene: Scene) -> Parameters:
        """Sample the pastes of a scene.

        Returns:
            A mapping with "requested" (number of pastes to attempt), "pastes" (for each paste the index of the crop,
            and its position and pose) and "failed" (counts of failed pastes by reason).
        """
        return self._draw(rng, scene)

    def apply(self, scene: Scene, parameters: Parameters) -> Scene:
        """Return the scene with the sampled pastes; new instances follow the old ones in the order of the pastes."""
        image = scene.image.copy()
        pasted = [self._instance(paste, self.mode.paste(image, self.bank, paste)) for paste in parameters["pastes"]]
        meta = dataclasses.replace(scene.meta, effects=(*scene.meta.effects, AppliedEffect(EFFECT_NAME, parameters)))
        return dataclasses.replace(scene, image=image, instances=(*scene.instances, *pasted), meta=meta)

    def _instance(self, paste: Parameters, polygon: Polygon) -> TextInstance:
        bank, number = self.bank, paste["crop"]
        return TextInstance(
            text=bank.text(number),
            polygon=polygon,
            ignore=bool(bank.columns.ignored[number]),
            level=LEVELS[bank.columns.levels[number]],
            origin=bank.origin(number),
        )
