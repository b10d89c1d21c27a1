#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# assign and apply keep off the places of other domains, with a libvirt of files (fake-libvirt.c).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

fake=$builddir/tests/cli/libvirt.so.0
[ -r "$fake" ] || skip_all "there is no $fake"
mkdir -p "$work/lib"
cp "$fake" "$work/lib/"
export FAKE_LIBVIRT=$work/domains LD_LIBRARY_PATH=$work/lib
quad='synthetic:pack:1 [numa(memory=16GiB)] core:6 pu:1'

fresh() { # names: so many domains without a profile
    local name n=0
    rm -rf "$FAKE_LIBVIRT"
    mkdir "$FAKE_LIBVIRT"
    for name in "$@"; do
        n=$((n + 1))
        sed "s|<name>plain|<name>$name|; s|0000000000aa|00000000000$n|" "$work/plain.xml" >"$FAKE_LIBVIRT/$name.xml"
    done
}
tag() { sed -i "s|<memory>|<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='$2'/></metadata>&|" "$FAKE_LIBVIRT/$1.xml"; }
cpus() { grep -o "vcpupin [^/]*" "$FAKE_LIBVIRT/$1.xml" | grep -o "cpuset='[^']*'" | cut -d "'" -f 2 | paste -sd ' '; } # domain
reads() { grep -c "^read $1 " "$FAKE_LIBVIRT/log"; }                                                                    # domain

fresh a b c d
run_here assign a sql-db --host "$quad"
is 'the first gets the first place' "$STATUS:$OUT$ERR:$(cpus a)" '0::1 2'
run_here assign b sql-db --host "$quad"
is 'the second another' "$STATUS:$(cpus b)" '0:3 4'
is 'the neighbour is read once, without secrets' "$(grep '^read a ' "$FAKE_LIBVIRT/log" | tail -n 1)" 'read a 2'
run_here assign c sql-db --host "$quad"
is 'the third has nowhere else to go' "$STATUS:$(cpus c)" '0:1 2'
run_here assign d sql-db --host "$quad"
is 'the fourth goes where fewer are' "$STATUS:$(cpus d)" '0:3 4'
run_here clear d
run_here assign a sql-db --host "$quad"
is 'who has a place keeps it, though another wants it too' "$STATUS:$(cpus a)" '0:1 2'
run_here apply b --host "$quad"
is 'apply too' "$STATUS:$(cpus b)" '0:3 4'
run_here clear a
is 'a place that is given up' "$STATUS:$(cpus a)" 0:

# all of them at once
fresh a b c d
for name in a b c; do tag "$name" sql-db; done
run_here apply --all --host 'synthetic:pack:1 [numa(memory=16GiB)] core:8 pu:1'
is 'apply --all' "$STATUS:$ERR" 0:
is 'a place for each' "$(for name in a b c; do cpus "$name"; done | tr ' ' '\n' | sort | uniq -d | paste -sd ' ')" ''
is 'of two CPUs each' "$(for name in a b c; do cpus "$name" | wc -w; done | paste -sd ' ')" '2 2 2'
is 'who has no profile is left alone and read once' "$(cpus d):$(reads d)" ':1'
before=$(cat "$FAKE_LIBVIRT"/*.xml)
run_here apply --all --host 'synthetic:pack:1 [numa(memory=16GiB)] core:8 pu:1'
is 'the second time nothing changes' "$STATUS:$([ "$before" = "$(cat "$FAKE_LIBVIRT"/*.xml)" ] && echo same)" 0:same

# pins of somebody else's
fresh a b
sed -i "s|<os>|<cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='2'/></cputune>&|" "$FAKE_LIBVIRT/a.xml"
run_here assign b sql-db --host "$quad"
is 'pins of a domain without a profile are kept off' "$STATUS:$(cpus b)" '0:3 4'

# libvirt that does not list its domains
fresh a b
run_here assign a sql-db --host "$quad"
: >"$FAKE_LIBVIRT/hangup"
run_here assign b sql-db --host "$quad"
is 'without a list there are no neighbours' "$STATUS:$ERR:$(cpus b)" '0::1 2'

# a domain that runs elsewhere on this host than its definition says
fresh a b
mkdir -p "$root/run"
fake_machine "$root" ''
run_here assign a sql-db
is 'on this host' "$STATUS:$(cpus a)" '0:1 2'
run_here assign b sql-db --set cpu.threads=any
is 'there is one CPU left: no place but the same' "$STATUS:$(cpus b)" '0:1 2'
sed 's|<vcpu>2|<vcpu>1|' "$work/plain.xml" >"$work/one.xml"
sed 's|<name>plain|<name>b|' "$work/one.xml" >"$FAKE_LIBVIRT/b.xml"
run_here assign b sql-db
is 'one CPU is left: a guest of one gets it' "$STATUS:$(cpus b)" 0:3
process 77 1234
entry a 1 '"profile":"sql-db","id":3,"state":"running","maker":[1,1],"qemu":[77,1234],"since":1700000000,"ticks":0,"placement":{"policy":"dedicated","threads":"any","vcpus":["2","3"],"iothreads":[],"emulator":"0","owned":"2-3","cells":[[0,0,1048576,0,"0-1"]],"overhead_kib":0,"reasons":[]},"wants":[]'
run_here assign b sql-db
is 'what runs counts where it runs' "$STATUS:$(cpus b)" 0:1
done_testing
