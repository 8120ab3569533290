"""RapidOCR as a process that answers requests: one JSON object per line. Imports nothing from this project.

It runs in an environment of its own, because RapidOCR depends on another build of OpenCV.
"""

import json
import sys
import time
from typing import Any

import cv2
import onnxruntime
from rapidocr import RapidOCR

_run = onnxruntime.InferenceSession.run
_network_seconds = [0.0]


def _timed_run(session: Any, *arguments: Any, **options: Any) -> Any:
    started = time.perf_counter()
    try:
        return _run(session, *arguments, **options)
    finally:
        _network_seconds[0] += time.perf_counter() - started


onnxruntime.InferenceSession.run = _timed_run


def engine(detector: str, recognizer: str, charset: str, threads: int, side: int) -> RapidOCR:
    params = {
        "Global.use_cls": False,
        "Global.use_preprocess_img": False,
        "Global.log_level": "error",
        "Det.model_path": detector,
        "Det.limit_type": "min",
        "Det.limit_side_len": side,
        "Det.mean": [0.485, 0.456, 0.406],
        "Det.std": [0.229, 0.224, 0.225],
        "Det.thresh": 0.3,
        "Det.box_thresh": 0.6,
        "Det.unclip_ratio": 1.5,
        "Det.use_dilation": False,
        "Det.score_mode": "fast",
        "Rec.model_path": recognizer,
        "Rec.rec_img_shape": [3, 32, 320],
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
    }
    if charset:
        params["Rec.rec_keys_path"] = charset
    return RapidOCR(params=params)


def answer(ocr: RapidOCR, path: str, steps: str) -> dict:
    image = cv2.imread(path)
    started, cpu, _network_seconds[0] = time.perf_counter(), time.process_time(), 0.0
    if steps == "recognize":
        out = ocr(image, use_det=False, use_cls=False, use_rec=True)
    elif steps == "detect":
        out = ocr(image, use_det=True, use_cls=False, use_rec=False)
    else:
        out = ocr(image)
    spent = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
    spent["network_seconds"] = _network_seconds[0]
    boxes = getattr(out, "boxes", None)
    return {
        **spent,
        "texts": list(getattr(out, "txts", None) or []),
        "boxes": [] if boxes is None else [box.tolist() for box in boxes],
    }


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    cv2.setNumThreads(settings["threads"])
    ready = engine(**settings)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(ready, request["path"], request["steps"])), flush=True)
