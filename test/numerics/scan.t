#!/bin/bash
# scan.c never loses a row that is among the best, whatever the numbers: on each kind of processor's kernel
# that this one can run. Compiled for itself, as it knows arrays only.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
${CC:-gcc} -std=gnu11 -O2 -g -Wall -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined -Iextension \
	-o "$folder/scan" test/numerics/scan.c extension/factors.c extension/topn.c -lm
"$folder/scan"
