#!/usr/bin/env bash
# Publishes the digits sample trimmed (or, with "aot", as native code), runs it, and tells its size, start-up time and memory.
#   tools/publish.sh [trimmed|aot]
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-trimmed}
out=artifacts/publish/$kind
rm -rf "$out"
if ! log=$(dotnet publish samples/digits.cs -r "$(dotnet --info | awk '$1 == "RID:" { print $2 }')" -p:PublishKind="$kind" -o "$out" --nologo -v q 2>&1); then
    missing=$(grep -o 'Unable to find package [^.]*\(\.[^ ]*\)*' <<< "$log" | head -n 1)
    [ -n "$missing" ] && { echo "$kind: NOT CHECKED: $missing"; exit 0; }
    echo "$log"
    exit 1
fi
rm -f "$out"/*.xml "$out"/*.pdb "$out"/*.dbg
started=$(date +%s%N)
coproc RUN { cd "$out" && exec ./digits; }
run=$RUN_PID
read -r line <&"${RUN[0]}"
first=$(( ($(date +%s%N) - started) / 1000000 ))
peak=0
{ while IFS= read -r next; do
    line=$next
    now=$(awk '/VmHWM/ { print $2 }' "/proc/$run/status" 2> /dev/null || true)
    peak=${now:-$peak}
    [[ $line == *accuracy* ]] && last=$line
done; } <&"${RUN[0]}" || true
wait "$run"
echo "$kind: $(du -sm "$out" | cut -f1) MB, first line after $first ms, at most $((${peak:-0} / 1024)) MB resident; ${last:-}"
