#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --help, the man pages and the completions against the program's own table of options.
# shellcheck source-path=SCRIPTDIR disable=SC2013 # words have no blanks
. "$(dirname "$0")/lib.sh"

run --dump-options
table=$OUT
commands=$(cut -f 1 <<<"$table" | grep -v '^-$' | uniq)
man=$srcdir/docs/virt-profile.1
has 'there are options' "$table" '^plan	--json	-	-$'

# --help lists what the table has, and nothing else
options_in() { grep -oE -- '(^|[ ,])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u; }
same() { # what, list, list
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$(diff <(echo "$2") <(echo "$3"))"; fi
}
table_of() { awk -F '\t' -v command="$1" '$1 == command { print $2 }' <<<"$table" | sort -u; }
run --help
same 'the program: --help has its options' "$(sed -n '/^Options:/,/^$/p' <<<"$OUT" | grep '^ ' | options_in)" "$(table_of -)"
same 'the program: --help has its commands' \
    "$(sed -n '/^Commands:/,/^$/p' <<<"$OUT" | awk '/^  / { print $1 }' | sort)" "$(sort <<<"$commands")"
for command in $commands; do
    run "$command" --help
    is "$command --help ends with 0" "$STATUS" 0
    same "$command --help has its options" "$(sed -n '/^Options:/,$p' <<<"$OUT" | grep -E '^ {2,6}-' | options_in)" "$(table_of "$command")"
    is "$command --help fits 100 columns" "$(awk 'length > 100' <<<"$OUT" | wc -l)" 0
done

# virt-profile(1)
man_options=$(sed -n 's/^\.It .*Fl -\([a-z-]*\).*/--\1/p' "$man" | sort -u)
same 'the man page has every option, and no other' "$man_options" "$(cut -f 2 <<<"$table" | sort -u)"
same 'the man page has every command, and no other' \
    "$(sed -n 's/^\.It Cm \([a-z-]*\).*/\1/p' "$man" | awk '/^(domain|profile|host|placement|unplaced|actions|warnings|guest|launch|live)$/ { next } { print }' | sort -u)" \
    "$(sort <<<"$commands")"
for command in $commands; do
    has "the synopsis has $command" "$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' "$man")" "^\.Cm $command$"
    synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' "$man" |
        awk -v cm=".Cm $command" '$0 == cm { on = 1; next } /^\.Nm/ { on = 0 } on')
    for word in $(grep -oE '(Fl|Ar)( -)? ?[a-z-]+' <<<"$synopsis" | grep -oE -- '^Fl -[a-z-]+' | sed 's/^Fl -/--/'); do
        has "the synopsis of $command: $word is an option" "$(table_of "$command")" "^$word$"
    done
done
for letter in $(cut -f 1,3 <<<"$table" | awk '$2 != "-" { print $2 }' | sort -u); do
    has "the man page has $letter" "$(grep '^\.It' "$man")" "Fl ${letter#-}( |$)"
done
for status in 0 1 2 3 4; do
    has "exit status $status" "$(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/p' "$man")" "^\.It $status$"
done

# virt-profile-knobs(7)
knobs_page=$work/knobs.7
"$program" knobs --format=man >"$knobs_page"
same 'virt-profile-knobs(7) has every knob' "$(sed -n 's/^\.It Cm //p' "$knobs_page")" "$("$program" knobs | cut -f 1)"

# what the man pages show works
sed -n '/\/etc\/virt-profile\/profiles\/reporting/,/^\.Ed/p' "$srcdir/docs/virt-profile-profile.5" | sed '/^\.Ed/d' \
    >"$root/profiles/reporting.profile"
exits 0 '' show reporting
sed -n '/^<metadata>/,/^<\/metadata>/p' "$srcdir/docs/virt-profile-profile.5" >"$work/metadata"
sed "/<memory>/{
r $work/metadata
}" "$work/plain.xml" >"$work/tagged.xml"
exits 0 '' plan --host "$host" "$work/tagged.xml"
has 'the tag that virt-profile-profile(5) shows is one' "$OUT" '^profile	sql-db'

if command -v mandoc >/dev/null; then
    for page in "$srcdir"/docs/*.[1-8] "$knobs_page"; do
        said=$(mandoc -T lint "$page" 2>/dev/null | grep -v 'referenced manual not found')
        is "mandoc has nothing to say on ${page##*/}" "$said" ''
    done
fi

# completions
for file in virt-profile.bash _virt-profile virt-profile.fish; do
    text=$(cat "$srcdir/packaging/completions/$file")
    for option in $(cut -f 2 <<<"$table" | sort -u); do
        if [ "$file" = virt-profile.fish ]; then pattern="-l ${option#--}( |$)"; else pattern="(^|[^a-z-])$option([^a-z-]|$)"; fi
        has "$file has $option" "$text" "$pattern"
    done
    for command in $commands; do
        has "$file has $command" "$text" "(^|[^a-z-])$command([^a-z-]|$)"
    done
done
done_testing
