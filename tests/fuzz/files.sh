#!/bin/sh
# files.sh BUILD COUNT [FIRST]: COUNT mutations of two small result files, one finished and one not, numbers
# FIRST.. (1), each read by the program of the build as people do (files.c). What is found stays in the
# folder from which it is called.
set -eu
build=$(cd "$1" && pwd) count=$2 first=${3:-1}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

cat >"$made/small.yaml" <<'END'
name: small
set: {train.steps: 4, train.batch: 16, train.evaluations: 2, evaluation.tasks: 16, task.dimension: 2, task.context: 3}
grid: {seed: [0, 1], tokens.kind: [joint, separate]}
END
"$build/mesasweep" run "$made/small.yaml" --ranks 1 -o "$made/finished.h5" >"$made/log" 2>&1 || {
  cat "$made/log" >&2
  exit 1
}
# What is left of an edited sweep: without mpirun nothing of it is carried out.
cp "$made/finished.h5" "$made/unfinished.h5"
sed 's/seed: .0, 1./seed: [0, 1, 2]/' "$made/small.yaml" >"$made/edited.yaml"
PATH=/nowhere "$build/mesasweep" run "$made/edited.yaml" -o "$made/unfinished.h5" >"$made/log" 2>&1 || true
run=$("$build/mesasweep" table "$made/finished.h5" --columns=run | tail -n 1 | tr -d ' ')
"$build/tests/fuzz/fuzz_files" "$count" "$first" "$run" "$made/finished.h5" "$made/unfinished.h5"
