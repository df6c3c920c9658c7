#!/bin/sh
# SPDX-License-Identifier: MIT
# test_completion.sh PROGRAM: what the shells make of the completion scripts; those that are there.
set -u
program=$(realpath "$1")
failed=0
folder=$(mktemp -d "${TMPDIR:-/tmp}/qins-completion-XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/models"
ln -s "$program" "$folder/bin/qins-tui"
PATH=$folder/bin:$PATH

complain() {
    echo "test_completion: $*"
    failed=1
}

expect() { # words of the command line, the last one being completed: what bash offers
    got=$(cd "$folder" && bash --norc -c 'eval "$(qins-tui --completion bash)"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _qins_tui; echo "${COMPREPLY[*]}"' - "$@")
    [ "$got" = "$want" ] || complain "$*: \"$got\", expected \"$want\""
}

"$program" --completion tcsh 2>/dev/null
[ $? -eq 64 ] || complain "tcsh is refused with 64"
if command -v bash >/dev/null; then
    want="--temperature" expect qins-tui --tempe
    want="--no-markdown" expect qins-tui --no-mar
    want="spec" expect qins-tui --top-p-rule s
    want="bash" expect qins-tui --completion ba
    want="" expect qins-tui --temperature 0
    : >"$folder/near.qins"
    : >"$folder/\$(touch hurt).qins"
    want="near.qins" expect qins-tui -m ne
    want='$(touch hurt).qins' expect qins-tui -m '$'
    [ ! -e "$folder/hurt" ] || complain "the name of a file was executed"
fi
for shell in bash zsh fish; do
    "$program" --completion $shell >"$folder/$shell" || complain "$shell: no script"
    ! command -v $shell >/dev/null || $shell -n "$folder/$shell" ||
        complain "$shell: not its language"
    grep -q -e "max-tokens" "$folder/$shell" || complain "$shell: --max-tokens is missing"
    grep -q -e "no-clipboard" "$folder/$shell" || complain "$shell: --no-clipboard is missing"
done
exit "$failed"
