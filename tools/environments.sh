#!/usr/bin/env bash
# Runs tests under other settings of the .NET runtime: tools/environments.sh [ENVIRONMENT|all] [FILTER]
#   tiny-gen0       a collection after every 64 KB that are allocated (DOTNET_GCStress needs a checked build of the runtime)
#   server-gc       the server garbage collector
#   untiered        every method is compiled once, with all optimisations
#   one-processor   the runtime sees a single processor, and the system runs it on a single one
#   small-heap      at most 1 GB of managed heap
# FILTER is one of `dotnet test`; by default the engine, losses, modules, optimisers, data, training and files, and with them the engine's fuzzer.
# Each environment prints one line, with the failed tests below it; the logs are in artifacts/environments.
# The exit code is the number of environments that failed.
set -uo pipefail
cd "$(dirname "$0")/.."
known=(tiny-gen0 server-gc untiered one-processor small-heap)
folders='Tensors Memory Differentiation Operations Losses Modules Layers Optim Data Training Files RandomNumbers GradChecks'
default=$(printf '|FullyQualifiedName~MiniTorch.Tests.%s.' $folders)
filter=${2:-"(${default:1}|FullyQualifiedName~EngineFuzzTests|FullyQualifiedName~WorkersTests)&Name!~Kills_at_random&Name!~Outputs_too_large"}
logs=artifacts/environments
mkdir -p $logs
failed=0

run() { # NAME COMMAND...: the tests under one environment
    local name=$1 started=$SECONDS
    shift
    "$@" dotnet test MiniTorch.Tests --no-build --nologo --filter "$filter" > "$logs/$name.log" 2>&1
    local status=$?
    echo "$name: $(grep -Eo '(Passed|Failed)! .*Total: +[0-9]+' "$logs/$name.log" || tail -n 1 "$logs/$name.log"), $((SECONDS - started)) s"
    grep -E '^  Failed ' "$logs/$name.log"
    [ $status -eq 0 ] || failed=$((failed + 1))
}

[ "${1:-all}" = all ] && chosen=("${known[@]}") || chosen=("$1")
dotnet build MiniTorch.Tests -p:RunAnalyzers=false --nologo -v q -clp:ErrorsOnly || exit 1
for name in "${chosen[@]}"; do
    case $name in
        tiny-gen0) run "$name" env DOTNET_GCgen0size=0x10000 ;;
        server-gc) run "$name" env DOTNET_gcServer=1 ;;
        untiered) run "$name" env DOTNET_TieredCompilation=0 ;;
        one-processor) run "$name" taskset -c 0 env DOTNET_PROCESSOR_COUNT=1 ;;
        small-heap) run "$name" env DOTNET_GCHeapHardLimit=0x40000000 ;;
        *) echo "$name is none of: ${known[*]}" >&2; exit 2 ;;
    esac
done
exit $failed
