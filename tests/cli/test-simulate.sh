#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Lists of guests placed on synthetic hosts: where, why not, what is left, and lists that are wrong.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

pair='synthetic:pack:2 [numa(memory=64GiB)] l3:2 core:4 pu:2'
list=$work/guests
simulate() { # host, lines of the list in standard input
    cat >"$list"
    run_here simulate --host "$1" "$list"
}

simulate "$pair" <<'LIST'
# a comment, and a line that is empty

db1   dedicated 4 16G threads=siblings guest-threads=2 emulator=own   # another
db2	dedicated	8	20G	iothreads=2	iothread-cpus=housekeeping
web   node 4 4G
batch shared 6 8G
LIST
is 'guests that fit end with 0' "$STATUS" 0
is 'guests that fit say nothing' "$ERR" ''
is 'all that is printed' "$OUT" 'placed	db1	dedicated	4	16G	0	0	2-5
placed	db2	dedicated	8	20G	0	1	8-15
placed	web	node	4	4G	1	2	18-23×4
placed	batch	shared	6	8G	1	2-3	18-31×6
sum	guests	4	4
sum	dedicated	14	28
sum	cores	7	16
sum	caches	2	4
sum	nodes	0	2
largest	12	48G	1'

# what floats leaves what is dedicated later
{
    cat "$list"
    echo 'late dedicated 12 16G'
} >"$work/longer"
simulate "$pair" <"$work/longer"
has 'a floating guest leaves CPUs that become dedicated' "$OUT" '^placed	web	.*	22-23×4$'
has 'the dedicated guest has them' "$OUT" '^placed	late	.*	24-31 18-21$'
has 'there is no room then' "$OUT" '^largest	0	-	-$'

# one that does not fit does not keep the next from it
simulate "$pair" <<'LIST'
big dedicated 40 16G
fat dedicated 2 200G
small dedicated 2 1G
LIST
is 'a guest that does not fit ends with 1' "$STATUS" 1
has 'CPUs: why not' "$OUT" "^refused	big	dedicated	40	16G	-	-	'big' needs 40 CPUs on free cores and 12 are missing: there are 14 on node 0, 14 on node 1$"
has 'memory: why not' "$OUT" "^refused	fat	.*'fat' needs 200G in ordinary pages and 80G are missing: there are 60G on node 0, 60G on node 1"
has 'the next is placed' "$OUT" '^placed	small	dedicated	2	1G	0	0	2-3$'
has 'guests are counted' "$OUT" '^sum	guests	1	3$'

# every key does something; columns: host is $pair
cell() { # key, what line is wanted
    simulate "$pair" <<<"g dedicated $1"
    has "$1" "$OUT" "$2"
}
cell '3 1G threads=siblings' '	2-4$'
cell '3 1G threads=isolate' '	2 4 6$'
cell '2 1G emulator=own' '^sum	dedicated	4	28$'
cell '3 1G emulator=own' '^sum	dedicated	4	28$'
cell '4 1G emulator=own iothreads=1 iothread-cpus=own' '^sum	dedicated	6	28$'
cell '2 1G emulator=housekeeping' '^sum	dedicated	2	28$'
cell '3 1G threads=any' '^sum	dedicated	3	28$'
cell '2 1G near=1' '^placed	g	dedicated	2	1G	1	2	18-19$'
cell '2 59G overhead=1G' '^placed	g	dedicated	2	59G	0	'
cell '2 60G overhead=1G' '^placed	g	dedicated	2	60G	0-1	0,2	2 18$'
cell '2 1G pages=1G' '^refused	g	.*1G pages'
cell '2 1G pages=1G,ordinary' '^placed	g	'
simulate 'synthetic:numa:1(memory=4GiB) core:4 pu:2' <<<'g dedicated 6 1G guest-threads=2'
has 'the default host memory counts' "$OUT" '^placed	g	dedicated	6	1G	0	0	2-7$'

# huge pages: half of the memory, one of the two pools, and what may be added to it
cat >"$work/host.xml" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology version="2.0">
  <object type="Machine" os_index="0" cpuset="0xf" complete_cpuset="0xf" allowed_cpuset="0xf" nodeset="0x1" complete_nodeset="0x1" allowed_nodeset="0x1" gp_index="1">
    <object type="NUMANode" os_index="0" cpuset="0xf" complete_cpuset="0xf" nodeset="0x1" complete_nodeset="0x1" gp_index="2" local_memory="8589934592">
      <page_type size="4096" count="1048576"/>
      <page_type size="2097152" count="2048"/>
    </object>
    <object type="Core" os_index="0" cpuset="0x1" complete_cpuset="0x1" nodeset="0x1" complete_nodeset="0x1" gp_index="3">
      <object type="PU" os_index="0" cpuset="0x1" complete_cpuset="0x1" nodeset="0x1" complete_nodeset="0x1" gp_index="4"/>
    </object>
    <object type="Core" os_index="1" cpuset="0xe" complete_cpuset="0xe" nodeset="0x1" complete_nodeset="0x1" gp_index="5">
      <object type="PU" os_index="1" cpuset="0x2" complete_cpuset="0x2" nodeset="0x1" complete_nodeset="0x1" gp_index="6"/>
      <object type="PU" os_index="2" cpuset="0x4" complete_cpuset="0x4" nodeset="0x1" complete_nodeset="0x1" gp_index="7"/>
      <object type="PU" os_index="3" cpuset="0x8" complete_cpuset="0x8" nodeset="0x1" complete_nodeset="0x1" gp_index="8"/>
    </object>
  </object>
</topology>
XML
simulate "$work/host.xml" <<<'g shared 1 4G pages=2M'
has 'pages=2M: the pool' "$OUT" '^placed	g	shared	1	4G	0	0	1-3$'
simulate "$work/host.xml" <<<'g shared 1 6G pages=2M'
has 'pages=2M: no more than the pool' "$OUT" '^refused	g	.*2M pages and 2G are missing'
simulate "$work/host.xml" <<<'g shared 1 6G pages=2M grow-pools=yes'
has 'grow-pools=yes' "$OUT" '^placed	g	shared	1	6G	'
simulate "$work/host.xml" <<<'g shared 1 6G pages=2M grow-pools=no'
is 'grow-pools=no' "$STATUS" 1

# what the host keeps: as it says itself, as configured, as the command line says
mkdir -p "$root$(dirname "$conf_file")"
kept() { # what, memory, line that is wanted of one guest, option…
    local what=$1 memory=$2 line=$3
    shift 3
    run_here simulate --host "synthetic:numa:1(memory=$memory) core:4 pu:1" "$@" - <<<'g dedicated 2 1G'
    is "$what: status" "$STATUS:$ERR" 0:
    has "$what" "$OUT" "$line"
}
kept 'a sixteenth' 16GiB '^largest	1	14G	0$'
kept 'not more than 4G' 128GiB '^largest	1	123G	0$'
kept '--reserve' 16GiB '^largest	1	13G	0$' --reserve 2G
kept '--reserve=0' 16GiB '^largest	1	15G	0$' --reserve=0
kept '--housekeeping' 16GiB '^placed	g	.*	0-1$' --housekeeping 2-3
printf '[host]\nhousekeeping = 0,2\n' >"$root$conf_file"
kept 'the configuration is for this host alone' 16GiB '^placed	g	.*	1-2$'
exits 3 '^virt-profile: command line: housekeeping: .x. is no list of CPUs' simulate --housekeeping=x --host "$pair" /dev/null
exits 3 '^virt-profile: command line: housekeeping CPUs: CPU 32 is offline' simulate --housekeeping=32 --host "$pair" /dev/null
exits 3 '^virt-profile: command line: .much. is no amount of memory' simulate --reserve=much --host "$pair" /dev/null

# standard input, an empty list
run_here simulate --host "$pair" - <<<'g shared 1 1G'
is '- is standard input' "$STATUS" 0
run_here simulate --host "$pair" </dev/null
is 'an empty list fits' "$STATUS:$(head -n 1 <<<"$OUT")" '0:sum	guests	0	0'
has 'an empty host: what it has room for' "$OUT" '^largest	14	60G	0$'
has 'an empty host: its nodes are free' "$OUT" '^sum	nodes	2	2$'
run simulate <"$list"
has 'the default host is this one' "$OUT" '^sum	cores	[0-9]+	[1-9]'

# lists that are wrong: file, line and what to do, nothing printed
wrong() { # line, pattern
    printf '# first\n%s\n' "$1" >"$list"
    exits 3 "^virt-profile: $list:2: $2" simulate --host "$pair" "$list"
}
wrong 'g' "'g' is not all of a guest; write NAME POLICY VCPUS MEMORY"
wrong 'g dedicated 4' "'g' is not all of a guest"
wrong 'g pinned 4 4G' "'pinned' is no policy; there are: dedicated, node, shared"
wrong 'g dedicated 0 4G' "'0' is no number of vCPUs; write a number from 1 to 8192"
wrong 'g dedicated 8193 4G' "'8193' is no number of vCPUs"
wrong 'g dedicated -1 4G' "'-1' is no number of vCPUs"
wrong 'g dedicated 4 much' "'much' is no amount of memory"
wrong 'g dedicated 4 1000' "'1000' is no amount of memory; write whole KiB"
wrong 'g dedicated 4 0G' "'g' has no memory"
wrong 'g dedicated 4 99999999999G' "'99999999999G' is no amount of memory"
wrong 'g dedicated 4 4G threads' "'threads' is one word too many"
wrong 'g dedicated 4 4G thread=any' "there is no key 'thread'; did you mean 'threads'"
wrong 'g dedicated 4 4G colour=red' "there is no key 'colour'; there are: emulator, "
wrong 'g dedicated 4 4G threads=all' "'all' is no way to use threads; there are: siblings, isolate, any"
wrong 'g dedicated 4 4G threads=any threads=any' "'threads' is there twice"
wrong 'g dedicated 4 4G emulator=mine' "'mine' is no CPUs for the emulator"
wrong 'g dedicated 4 4G iothreads=many' "'many' is no number of iothreads"
wrong 'g dedicated 4 4G guest-threads=3' "'g' has 4 vCPUs, which are not whole cores of 3 threads"
wrong 'g dedicated 4 4G pages=1G,' "'' is no page size"
wrong 'g dedicated 4 4G pages=1,2,3' "'1' is no page size"
wrong 'g dedicated 4 4G pages=0K' "a page of '0K' is empty"
wrong 'g dedicated 4 4G pages=1K,2K,4K,8K,16K,32K,64K,1M,2M' '.* lists more than 8 page sizes'
wrong 'g dedicated 4 4G near=x' "'x' is no list of NUMA nodes"
wrong 'g dedicated 4 4G near=0-2' "'g' has devices near node 2, and host .* has no such node"
wrong 'g dedicated 4 4G grow-pools=maybe' "'maybe' is no answer to grow-pools"
wrong 'g shared 4 4G emulator=own' "'g' floats, so its emulator"
wrong "$(printf 'g\xc2\x9b31m dedicated x 4G')" "'x' is no number of vCPUs"
printf 'g dedicated 1 1G\n\n  g shared 1 1G\n' >"$list"
exits 3 "$list:3: the guest 'g' is in line 1 already" simulate --host "$pair" "$list"
printf 'g dedicated\0 1 1G\n' >"$list"
exits 3 "$list:1: a NUL byte" simulate --host "$pair" "$list"
yes g | head -n 20000 | awk '{ print $1 NR " shared 1 1M" }' >"$list"
exits 3 "$list:16385: this is one guest too many" simulate --host "$pair" "$list"
exits 4 "cannot open '/nonexistent/list'" simulate --host "$pair" /nonexistent/list
exits 4 nonexistent simulate --host /nonexistent/host.xml /dev/null
exits 3 synthetic simulate --host synthetic:nonsense /dev/null

# names are shown without their control characters
printf 'a\xc2\x9b31mb\x1b[m dedicated 1 1G\n' >"$list"
run_here simulate --host "$pair" "$list"
has 'a name is escaped' "$OUT" '^placed	a\\xc2\\x9b31mb\\x1b\[m	'

# a table for people
simulate "$pair" <<'LIST'
a dedicated 2 4G
b dedicated 60 4G
LIST
for columns in 60 80 160; do
    COLUMNS=$columns run_here simulate --color=always --host "$pair" "$list"
    is "no line is wider than a terminal of $columns columns" \
        "$(printf '%s\n' "$OUT" | sed $'s/\e\\[[0-9;]*m//g' | awk -v max="$columns" 'length > max && !/^One more/' | wc -l)" 0
done
has 'a table has a heading' "$OUT" '^GUEST +POLICY +VCPUS +MEMORY +NODES +CACHES'
has 'and a sum in words' "$OUT" '^ +1 of 2 guests placed$'

command -v python3 >/dev/null || { done_testing && exit 0 || exit 1; }
run_here simulate --json --host "$pair" "$list"
is '--json has the exit status too' "$STATUS" 1
if python3 -c '
import json, sys
d = json.load(sys.stdin)
assert list(d) == ["host", "guests", "summary"]
assert d["host"]["housekeeping"] == "0-1,16-17" and d["host"]["cpus"] == "0-31" and d["host"]["nodes"] == "0-1"
a, b = d["guests"]
assert a["placement"]["vcpus"] == ["2", "3"] and a["placement"]["owned"] == "2-3" and a["error"] is None
assert a["placement"]["cells"] == [{"node": 0, "memory_node": 0, "vcpus": 2, "memory_kib": 4194304, "page_kib": 0}]
assert a["placement"]["policy"] == "dedicated" and len(a["placement"]["reasons"]) > 1 and a["placement"]["emulator"] == "0-1" and a["placement"]["caches"] == "0"
assert b["placement"] is None and "are missing" in b["error"]
assert d["summary"]["guests_placed"] == {"n": 1, "of": 2}
assert d["summary"]["largest_dedicated"] == {"vcpus": 14, "memory_kib": 62914560, "node": 1}
' <<<"$OUT" 2>"$work/stderr"; then ok '--json has it all'; else not_ok '--json has it all' "$(cat "$work/stderr") $OUT"; fi

# a large host
simulate 'synthetic:pack:4 [numa(memory=256GiB)] l3:16 core:8 pu:2' <<<'huge dedicated 500 600G'
has 'a guest over three of four nodes' "$OUT" '^placed	huge	dedicated	500	600G	0-[12]	'
done_testing
