#!/usr/bin/env bash
# Fuzzing at length; the tests run short versions with other seeds.
#   tools/fuzz.sh loaders [INPUTS] [SEED]     files of every format, drawn and damaged; faults are kept under artifacts/fuzz
#   tools/fuzz.sh engine [PROGRAMS] [SEED]    random programs in every way to run them, in processes with narrower vectors, without optimisation, and in the Debug build
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?loaders or engine}
out=artifacts/fuzz
dotnet publish tools/MiniTorch.Fuzz -c Release -o $out/release --nologo -v q
fuzz() { dotnet exec $out/release/MiniTorch.Fuzz.dll "$@"; }
case $what in
    loaders) fuzz loaders "${2:-10,000,000}" "${3:-1}" $out/faults ;;
    engine)
        # Kernels are optimised in Debug builds too; here they are not. -o of its own keeps the usual Debug build as it is.
        dotnet publish tools/MiniTorch.Fuzz -c Debug -p:Optimize=false --artifacts-path $out/debug -o $out/debug/program --nologo -v q
        fuzz engine "${2:-100,000}" "${3:-1}" $out/debug/program/MiniTorch.Fuzz.dll ;;
    *) echo "$what is neither loaders nor engine" >&2; exit 2 ;;
esac
