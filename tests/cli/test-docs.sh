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

# what prints for people prints JSON, and the man page names its members
is 'every command has --json, but those that print XML, numbers or nothing' \
    "$(for command in $commands; do [[ $(table_of "$command") == *--json* ]] || echo "$command"; done | paste -sd ' ')" \
    'rewrite revert metrics kubevirt vdsm-hook'
is 'every command that talks to libvirt has --connect, and no other' \
    "$(for command in $commands; do [[ $(table_of "$command") == *--connect* ]] && echo "$command"; done | sort)" \
    "$(grep -lE 'vp_(conn_open|tuning_open|statuses_read)' "$srcdir"/src/cli/cmd-*.c | sed 's|.*/cmd-||; s|\.c$||' | sort)"
if command -v python3 >/dev/null && [ -r "$builddir/tests/cli/libvirt.so.0" ]; then
    mkdir -p "$work/lib" "$work/domains"
    cp "$builddir/tests/cli/libvirt.so.0" "$work/lib/"
    export FAKE_LIBVIRT=$work/domains LD_LIBRARY_PATH=$work/lib
    cp "$work/plain.xml" "$FAKE_LIBVIRT/"
    fake_machine "$root" ''
    process 77 1234
    entry db1 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,"pins":[["0-1",2]],"memory":[[0,0,262144]],"wants":[["ksm.run","0","memory.ksm","reason"]],"pending":["one"]'
    echo 'db1 dedicated 2 1G' >"$work/list"
    sed -n '/^\.Sh JSON/,/^\.Sh ENV/p' "$man" >"$work/json.man"
    # What to run, so that there is something to print.
    declare -A operands=(
        [list]='' [show]=sql-db [knobs]=disk.cache [validate]="$root/profiles/nfv.profile" [plan]="-p nfv $work/plain.xml"
        [diff]='plain -p nfv' [simulate]="$work/list" [map]="$work/list" [status]='' [assign]='plain sql-db'
        [apply]='plain' [start]='plain' [verify]='' [clear]='plain' [doctor]='' [restore-host]=--force
    )
    for command in $commands; do
        [[ $(table_of "$command") == *--json* ]] || continue
        [ "$command" != apply ] || run_here assign plain sql-db
        # shellcheck disable=SC2086 # words
        run_here "$command" --json ${operands[$command]-does not know what to run}
        members=$(python3 -c 'import json, sys
d = json.load(sys.stdin)
for o in d if isinstance(d, list) else [d]: print("\n".join(o))' <<<"$OUT" 2>"$work/stderr" | sort -u)
        is "$command --json prints JSON" "$(cat "$work/stderr")$([ "$STATUS" -le 1 ] || echo "$ERR")" ''
        # the members of these are plain words of a profile's and a knob's own page
        case $command in list | show | knobs | validate) continue ;; esac
        for member in $members; do
            has "the man page tells of $command --json: $member" "$(cat "$work/json.man")" "^\.(It )?Cm (.* )?$member( |$)"
        done
    done
    unset LD_LIBRARY_PATH
fi

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
