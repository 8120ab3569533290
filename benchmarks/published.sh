#!/usr/bin/env bash
# The published networks as imported networks: all figures of that section of RESULTS.md, except those of RapidOCR.
# bash benchmarks/published.sh OUT DATA    DATA holds rec_iiit5k_train, rec_svt_train, rec_ic15_train, det_ic15_train,
#                                          det_zh_gamescreen and det_wildreceipt, each with labels.tsv and images/
set -euo pipefail
out=$1 data=$(cd "$2" && pwd)
words=("$data/rec_iiit5k_train/labels.tsv" "$data/rec_svt_train/labels.tsv")
scenes=$data/det_ic15_train
mkdir -p "$out"
tail -n 100 "$scenes/labels.tsv" | sed "s#^#$scenes/#" >"$out/ic15-val.tsv"

ocrmill import-model published --kind recognizer -o "$out/rec"
ocrmill import-model published --kind detector -o "$out/det"
file=$(python -c 'from pipelines.inference.published import DETECTOR_FILE, published_file; print(published_file(DETECTOR_FILE))')
for side in "--min-side 736" "--max-side 960"; do
  for detector in "$file" "$out/det"; do
    # shellcheck disable=SC2086 # an option and its value
    ocrmill evaluate "$detector" "$out/ic15-val.tsv" $side
  done
done
python -m benchmarks.published detector "$out/det" "$scenes/labels.tsv"
for set in det_zh_gamescreen det_wildreceipt; do
  python -m benchmarks.published enlargement "$out/det" "$data/$set/labels.tsv"
done
python -m benchmarks.published recognizer "$out/rec" "${words[0]}"
python -m benchmarks.published charset "$out/rec" "${words[0]}"

ocrmill generate lines -o "$out/train" -n 20000 --seed 1 --workers 0 charset=ascii
ocrmill generate lines -o "$out/val" -n 500 --seed 2 --workers 0 charset=ascii
ocrmill train rec-lcnet -o "$out/tuned" --data "$out/train" --val "$out/val" \
  "init=$out/rec" input.min_width=320 charset=ascii samples=20000 threads=1 validate_every=100
ocrmill evaluate "$out/rec" "${words[@]}" "$data/rec_ic15_train/labels.tsv" "$out/val" --json "$out/published.json"
ocrmill evaluate "$out/tuned" "${words[@]}" "$out/val" --json "$out/tuned.json"
