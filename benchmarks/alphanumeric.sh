#!/usr/bin/env bash
# Train a recognizer for letters and digits on generated lines alone, and score it on real photographs.
#
#   benchmarks/alphanumeric.sh OUT PHOTOS SOURCE...
#
# OUT: output folder; PHOTOS: photographs without text, for backgrounds; SOURCE: labelled word images.
# Needs `ocrmill` on the path and fonts (`make fonts`). Takes about an hour on two cores. Re-run the same command to resume.
set -euo pipefail
out=$1 photos=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
cp "$here/alphanumeric.yaml" "$out/"
[ -e "$out/photos" ] || cp -r "$photos" "$out/photos"
recipe=$out/alphanumeric.yaml

ocrmill generate "$recipe" -o "$out/hard" -n 300000 --seed 12
ocrmill generate "$recipe" -o "$out/easy" -n 100000 --seed 11 ink.contrast_floor=60 \
  'background={plain: 3, gradient: 2, texture: {difference: 30}}' \
  'effects=[{use: perspective, probability: 0.3, strength_range: [0.0, 0.12]}, {use: blur, probability: 0.2, strength_range: [0.005, 0.015]}]'
ocrmill generate "$recipe" -o "$out/validation" -n 4000 --seed 13
ocrmill train rec-lcnet -o "$out/run" --data "$out/hard=3" --data "$out/easy=1" --val "$out/validation" \
  charset=alphanumeric_lower samples=400000 spacing_samples=40000 validate_every=500 checkpoint_every=500
ocrmill evaluate "$out/run" "$out/validation" "$@" --json "$out/scores.json" --report "$out/worst.html"
