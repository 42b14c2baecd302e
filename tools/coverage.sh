#!/usr/bin/env bash
# Lines of Core and Nn that the tests run: the share of each assembly, and the files with the most lines that no test runs.
set -euo pipefail
cd "$(dirname "$0")/.."
out=artifacts/coverage
rm -rf $out
# Fuzzing repeats what the other tests run, and takes long when every line is counted.
dotnet test --settings tools/coverage.runsettings --collect "Code Coverage" --results-directory $out --filter "FullyQualifiedName!~Fuzz&FullyQualifiedName!~Reproducibility${1:+&$1}" | tail -n 3 || true
report=$(find $out -name '*.cobertura.xml' | head -n 1)
awk '
    match($0, /<class [^>]*filename="[^"]*"/) { file = $0; sub(/.*filename="/, "", file); sub(/".*/, "", file); sub(/.*\/MiniTorch\./, "MiniTorch.", file) }
    match($0, /<line number="[0-9]+" hits="[0-9]+"/) {
        number = $0; sub(/.*number="/, "", number); sub(/".*/, "", number)
        hits = $0; sub(/.*hits="/, "", hits); sub(/".*/, "", hits)
        seen[file, number] += hits
    }
    END {
        for (place in seen) {
            split(place, parts, SUBSEP)
            assembly = parts[1]; sub(/\/.*/, "", assembly)
            lines[assembly]++
            if (seen[place] > 0) run[assembly]++
            else { missed[parts[1]]++; where[parts[1]] = where[parts[1]] " " parts[2] }
        }
        for (assembly in lines) printf "%s: %d of %d lines, %.1f %%\n", assembly, run[assembly], lines[assembly], 100 * run[assembly] / lines[assembly] > "/dev/stderr"
        for (file in missed) printf "%5d %s:%s\n", missed[file], file, where[file]
    }
' "$report" | sort -rn | head -n 40
