#!/usr/bin/env bash
# Mutation testing: how many small faults in Core's Autograd and Ops, and in Nn's losses, the tests find. Hours for everything; one FILE takes minutes.
#   tools/mutation.sh core ['**/Ops/Padding.cs']    tools/mutation.sh nn ['**/Losses/XLogX.cs']
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:?core or nn} in
    core) project=MiniTorch.Core default='**/Autograd/**/*.cs **/Ops/**/*.cs' ;;
    nn) project=MiniTorch.Nn default='**/Losses/**/*.cs **/Functional.Losses*.cs' ;;
    *) echo "$1 is neither core nor nn" >&2; exit 2 ;;
esac
set -f
mutate=()
for files in ${2:-$default}; do mutate+=(--mutate "$files"); done
dotnet tool restore > /dev/null
# Tests that compile documents, start processes or run for long say nothing that the others do not say sooner.
root=$PWD
cd MiniTorch.Tests
dotnet stryker --config-file ../tools/stryker.json --project $project.csproj "${mutate[@]}" --output "$root/artifacts/mutation/$1"
