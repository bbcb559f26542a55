#!/bin/bash
# solve.c finds the same factors for a short row by its dual form, on each width and with weights. Compiled for
# itself, as it knows arrays only.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
${CC:-gcc} -std=gnu11 -O2 -g -Wall -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined -Iextension \
	-o "$folder/solve" test/numerics/solve.c extension/factors.c extension/solve.c extension/normal.c -lm
"$folder/solve"
