"""Configuration of text_renderer (oh-my-ocr). Imports nothing of this project.

It reads the number of images, the output folder and the folder of the inputs from the environment, because the program
takes nothing but the name of this file.
"""

import os
from pathlib import Path

from text_renderer.config import GeneratorCfg, NormPerspectiveTransformCfg, RenderCfg
from text_renderer.corpus import EnumCorpus, EnumCorpusCfg
from text_renderer.effect import Effects, GaussianBlur, Noise

_INPUTS = Path(os.environ["INPUTS"])

configs = [
    GeneratorCfg(
        num_image=int(os.environ["COUNT"]),
        save_dir=Path(os.environ["OUT"]),
        render_cfg=RenderCfg(
            bg_dir=_INPUTS / "backgrounds",
            height=48,
            gray=False,
            perspective_transform=NormPerspectiveTransformCfg(20, 20, 1.5),
            corpus=EnumCorpus(
                EnumCorpusCfg(text_paths=[_INPUTS / "lines.txt"], font_dir=_INPUTS / "fonts", font_size=(28, 44))
            ),
            render_effects=Effects([GaussianBlur(p=0.5), Noise(p=0.5)]),
        ),
    )
]
