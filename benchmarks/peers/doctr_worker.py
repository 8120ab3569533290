"""Generates lines with docTR-synth. Imports nothing of this project.

python doctr_worker.py COUNT OUT LINES FONTS BACKGROUNDS
"""

import sys

if __name__ == "__main__":  # its worker process imports this file
    from generator import generate_dataset

    count, out, lines, fonts, backgrounds = sys.argv[1:]
    generate_dataset(
        out,
        num_images=int(count),
        wordlist_path=lines,
        font_dir=fonts,
        bg_image_dir=backgrounds,
        font_size_range=(28, 44),
        output_jpeg=True,
        val_percent=0.1,
        num_workers=1,
        auto_download_fonts=False,
        auto_download_backgrounds=False,
        ensure_vocab_coverage=False,
    )
