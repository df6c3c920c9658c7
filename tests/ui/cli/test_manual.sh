#!/bin/sh
# SPDX-License-Identifier: MIT
# test_manual.sh PROGRAM PAGE...: mandoc finds no fault in the pages, and every flag that PROGRAM's
# --help names stands in its page, PROGRAM.1, and the other way round.
set -u
program=$1
shift
failed=0

complain() {
    echo "test_manual: $*"
    failed=1
}

flags() { # of the text on stdin, one a line, sorted
    sed 's/\\&//g; s/\\-/-/g' | grep -oE "$1" | sed 's/^Fl -/--/; s/^Fl /-/' | sort -u
}

for page in "$@"; do
    [ "$(basename "$page" .1)" != "$(basename "$program")" ] || own=$page
done
all=--help-all
"$program" $all >/dev/null 2>&1 || all=--help
in_help=$("$program" $all | flags '(^ *|, )-{1,2}[A-Za-z][A-Za-z-]*' | sed 's/^[ ,]*//' | sort -u)
in_page=$(grep '^\.It.*Fl ' "$own" | flags 'Fl -*[A-Za-z][A-Za-z-]*')
[ "$(echo "$in_help" | wc -l)" -gt 5 ] || complain "--help names hardly a flag"
[ "$in_help" = "$in_page" ] || {
    complain "--help and $own differ:"
    printf '%s\n' "$in_help" >"${TMPDIR:-/tmp}/qins-help-$$"
    printf '%s\n' "$in_page" | diff "${TMPDIR:-/tmp}/qins-help-$$" -
    rm -f "${TMPDIR:-/tmp}/qins-help-$$"
}
[ "$failed" -eq 0 ] || exit 1

command -v mandoc >/dev/null || {
    echo "SKIPPED: mandoc is not installed, so the pages are not checked"
    exit 77
}
for page in "$@"; do
    mandoc -T lint -W warning "$page" || complain "$page"
done
exit "$failed"
