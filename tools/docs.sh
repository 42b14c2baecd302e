#!/usr/bin/env bash
# Builds the documentation site, with search and the API reference, into artifacts/site; a warning, such as a dead link, fails the build.
# Reads the assemblies and the XML documentation that `dotnet build` left beside the tests.
# To look at it: dotnet docfx serve artifacts/site
set -euo pipefail
cd "$(dirname "$0")/.."

entries() { # PAGE PATTERN: title|path for each row of a table of PAGE that begins with a link to a page
    sed -nE "s~^\|( [0-9]+ \|)? \[([^]]+)\]\(($2)\).*~\2|\3~p" "$1"
}

# The tables of contents are the tables of the index pages; a page with a folder of its own has the folder's pages below it.
for index in docs/*/README.md; do
    folder=$(dirname "$index")
    while IFS='|' read -r title page; do
        printf -- '- name: "%s"\n  href: %s\n' "$title" "$page"
        below=$(case $page in
            */README.md) entries "$folder/$page" '[^)/:]+\.md' | sed "s#|#|${page%README.md}#" ;;
            *.md) entries "$folder/$page" '[^.:)/]+/[^)/:]+\.md' ;;
        esac)
        if [ -n "$below" ]; then
            echo "  items:"
            sed -E 's/^(.*)\|(.*)/  - name: "\1"\n    href: \2/' <<< "$below"
        fi
    done < <(entries "$index" '[^.:)]+\.(md|html)') > "$folder/toc.yml"
done
{
    entries docs/README.md '[^.:)]+/README\.md' | sed -E 's#^(.*)\|(.*)README.md#- name: "\1"\n  href: \2\n  homepage: \2README.md#'
    echo '- name: API
  href: api/'
} > docs/toc.yml

dotnet tool restore > /dev/null
rm -rf docs/api artifacts/site
dotnet docfx docfx.json --warningsAsErrors
cp artifacts/site/README.html artifacts/site/index.html

# The search knows words, not the parts of a name. The entry of a type also gets the words of its name, so that "cross entropy" finds CrossEntropyLoss first:
# "Class CrossEntropyLoss | MiniTorch" becomes "CrossEntropyLoss (class): cross entropy loss", and the keywords "cross entropy".
sed -i -E '/^ +"href": "api\//{
    n
    s/"(Class|Struct|Enum|Interface|Delegate) ([^ ]+) \| MiniTorch",/"\2 (\l\1)@\2",/
    :next
    s/(@.*[a-z0-9])([A-Z])/\1 \2/
    s/(@.*[A-Z])([A-Z][a-z])/\1 \2/
    s/(@.*[a-z])([0-9])/\1 \2/
    t next
    s/@([^" ]+ [^"]*)",/: \L\1", "keywords": "\1",/
    s/@([^"]*)",/", "keywords": "\1",/
    s/ loss",$/",/
}' artifacts/site/index.json
