#!/usr/bin/env bash
# Mutation testing: how many small faults in Core's Autograd, GradCheck and Ops (without kernels), and in Nn's losses, the tests find.
#   tools/mutation.sh core ['Ops/Padding' [60]]    tools/mutation.sh nn ['Losses/XLogX' [60]]    the files as a regular expression; seconds of tests for a mutant, 10 by default
# Stryker makes the mutants and compiles them into one assembly; the process that it would start for each costs seconds, and all of them hours. Here they are
# switched on one after the other in processes that stay, each before the tests that run its code, those that run little else first. One that outlives its seconds of tests
# counts as survived, so the score is a lower bound: lines of survivors deleted from results.tsv are tried again, with more seconds. A run that was cut goes on; delete artifacts/mutation to begin anew.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:?core or nn} in
    core) project=MiniTorch.Core mutated=('**/Autograd/**/*.cs' '**/GradCheck/**/*.cs' '**/Ops/**/*.cs' '!**/*.Kernel.cs' '!**/Tensor.*.cs') files='Autograd/|GradCheck/|Ops/' few='Random/GeneratorTests.cs' ;;
    nn) project=MiniTorch.Nn mutated=('**/Losses/**/*.cs') files='Losses' few='Training/ProgressMeterTests.cs;Training/StoppedClock.cs' ;;
    *) echo "$1 is neither core nor nn" >&2; exit 2 ;;
esac
out=$PWD/artifacts/mutation/$1
# Tests that compile, start processes, fuzz or run for long say nothing that the others do not say sooner.
excluded='Fuzz|\.(Docs|Samples|Packages|CompileTime|Export|Visuals|Contract|Kernels|Files|Data)\.|MemoryCheck|OutOfMemory|[Mm]illion|_large_input_|A_slice_gives'
if [ ! -e "$out/$project.dll" ]; then
    dotnet tool restore > /dev/null
    # Few tests, which run none of the mutants: Stryker has nothing to do but to make them.
    (cd MiniTorch.Tests && TestSources="$few;Files/TrainingProcess.cs;Files/TrainingRun.cs;Files/BreakingStream.cs" RunAnalyzers=false \
        dotnet stryker --config-file ../tools/stryker.json --project $project.csproj "${mutated[@]/#/--mutate=}" --output "$out" --break-at 0)
    # Stryker asks for code that is not optimised, in which the tests work four times as long: the bytes are DebuggableAttribute's modes.
    LC_ALL=C sed 's/\x01\x00\x07\x01\x00\x00\x00\x00/\x01\x00\x02\x00\x00\x00\x00\x00/' MiniTorch.Tests/bin/Debug/net10.0/$project.dll > "$out/$project.dll"
fi
dotnet build tools/MiniTorch.Mutation -c Release -o "$out/tests" -p:RunAnalyzers=false --nologo -v q
cp "$out/$project.dll" "$out/tests"
cd "$out/tests"
[ -e ../coverage.tsv ] || { ./MiniTorch.Mutation coverage $project "$excluded" ../coverage.part && mv ../coverage.part ../coverage.tsv; }
./MiniTorch.Mutation run $project ../coverage.tsv ../reports/mutation-report.json "${2:-$files}" "$((${3:-10} * 1000))" ../results.tsv
