#!/usr/bin/env bash
# Fuzzing at length; the tests run short versions with other seeds.
#   tools/fuzz.sh loaders [INPUTS] [SEED]    files of every format, drawn and damaged; faults are kept under artifacts/fuzz
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?loaders}
build() { dotnet build tools/MiniTorch.Fuzz -c "$1" --nologo -v q >&2; }
fuzz() { dotnet exec tools/MiniTorch.Fuzz/bin/Release/net10.0/MiniTorch.Fuzz.dll "$@"; }
build Release
case $what in
    loaders) fuzz loaders "${2:-10,000,000}" "${3:-1}" artifacts/fuzz ;;
    *) echo "$what is none of loaders" >&2; exit 2 ;;
esac
