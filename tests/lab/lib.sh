# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by the cases of tests/lab/cases, which run as root inside a virtual host.
#
# A case asserts with `ok`, `is`, `like`, `within` and `passes`: each prints one line, "ok - …" or "not ok -
# …", with the values it saw. The case fails when one of them failed or when it ends early. Guests that it
# started are removed at its end.

failures=0
guests=()
tag_namespace=urn:virt-profile:domain:1

# When libvirt has done with a start the hook goes on for some milliseconds.
virsh()
{
    local rc=0

    command virsh "$@" || rc=$?
    case " $* " in
    *" start "* | *" create "*) [ ! -e /run/virt-profile/host.lock ] || flock -w 20 /run/virt-profile/host.lock true ;;
    esac
    return $rc
}

# --- assertions ---------------------------------------------------------------------------------------------

ok() { echo "ok - $*"; }
not_ok() { echo "not ok - $*"; failures=$((failures + 1)); }
note() { echo "    $*"; }
skip() { echo "skip - $*"; exit 77; }

is() # WHAT SEEN EXPECTED
{
    if [ "$2" = "$3" ]; then ok "$1: '$2'"; else not_ok "$1: seen '$2', expected '$3'"; fi
}

isnt() # WHAT SEEN UNEXPECTED
{
    if [ "$2" != "$3" ]; then ok "$1: '$2', not '$3'"; else not_ok "$1: still '$2'"; fi
}

# Prints what matched, or all of what was seen when nothing did.
like() # WHAT SEEN REGEX
{
    if [[ $2 =~ $3 ]]; then
        ok "$1: '${BASH_REMATCH[0]}' matches $3"
    else
        not_ok "$1: seen '$2', expected a match of $3"
    fi
}

within() # WHAT CPUS LIST: every CPU of the first list is in the second
{
    local outside='' cpu all

    all=$'\n'$(cpus "$3")$'\n'
    for cpu in $(cpus "$2"); do
        [[ $all == *$'\n'"$cpu"$'\n'* ]] || outside+="$cpu "
    done
    if [ -n "$2" ] && [ -z "$outside" ]; then
        ok "$1: CPUs $2 within $3"
    else
        not_ok "$1: CPUs '$2' not within '$3'${outside:+ (outside: $outside)}"
    fi
}

more() # WHAT SEEN FLOOR
{
    if [ "$2" -gt "$3" ] 2>/dev/null; then ok "$1: $2 > $3"; else not_ok "$1: '$2' is not more than '$3'"; fi
}

passes() # WHAT COMMAND…: its output is shown when it fails
{
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then ok "$what"; else not_ok "$what: '$*' failed: $output"; fi
}

fails() # WHAT COMMAND…
{
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then not_ok "$what: '$*' succeeded: $output"; else ok "$what: refused with '$output'"; fi
}

# Starting a program, `sleep` as well, costs an emulated host a tenth of a second of CPU time.
# A host without /dev/fd has no such silence, and starts it all the same.
{ exec {silence}<> <(:); } 2>/dev/null || silence=''
pause() {
    [ -n "${silence:-}" ] || { sleep "$1"; return; }
    read -r -t "$1" -u "$silence" || :
}

wait_for() # SECONDS COMMAND…: until it succeeds
{
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        pause 0.5
    done
}

finish_case()
{
    local rc=$? guest

    trap - EXIT
    for guest in "${guests[@]}"; do
        virsh -q destroy "$guest" >/dev/null 2>&1
        virsh -q undefine --nvram "$guest" >/dev/null 2>&1
    done
    [ $rc -eq 77 ] && exit 77
    [ $rc -eq 0 ] || { not_ok "the case ended early, exit code $rc"; exit "$rc"; }
    [ $failures -eq 0 ] || exit 1
    exit 0
}
trap finish_case EXIT

need_engine() # the programs of the tree under test
{
    command -v virt-profile >/dev/null || skip "virt-profile is not installed in the virtual host"
}

# Starting a program costs an emulated host a tenth of a second of its CPU. What is called often below reads files with
# the shell alone.

# --- CPU lists ----------------------------------------------------------------------------------------------

cpus() # LIST: "0-2,5" one number a line
{
    local range cpu
    for range in ${1//,/ }; do
        for ((cpu = ${range%-*}; cpu <= ${range#*-}; cpu++)); do echo "$cpu"; done
    done
}

node_cpus() { cat "/sys/devices/system/node/node$1/cpulist"; }

# --- guests -------------------------------------------------------------------------------------------------

# Keys: vcpus=2 memory=128 profile=NAME devices=XML cmdline=WORDS type=kvm|qemu (default: what the host can)
guest_xml() # NAME KEY=VALUE…
{
    local name=$1 vcpus=2 memory=128 profile='' devices='' cmdline='' type tag='' pair text
    shift
    type=$([ -e /dev/kvm ] && echo kvm || echo qemu)
    for pair in "$@"; do
        local "${pair%%=*}"="${pair#*=}"
    done
    [ -n "$profile" ] && tag="<vp:profile xmlns:vp=\"$tag_namespace\" name=\"$profile\"/>"
    text=$(cat /lab/tests/guest/domain.xml.in)
    text=${text//@TYPE@/"$type"}
    text=${text//@NAME@/"$name"}
    text=${text//@TAG@/"$tag"}
    text=${text//@MEMORY@/"$memory"}
    text=${text//@VCPUS@/"$vcpus"}
    text=${text//@CMDLINE@/"$cmdline"}
    echo "${text//@DEVICES@/"$devices"}"
}

guest_define() # NAME KEY=VALUE…
{
    guests+=("$1")
    guest_xml "$@" >"/tmp/$1.xml"
    virsh -q define "/tmp/$1.xml"
}

# An image of its own for a guest, empty; prints the device's XML.
guest_disk() # NAME MIB
{
    local path=/var/lib/libvirt/images/$1.img

    truncate -s "$2M" "$path"
    echo "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$path'/>"
    echo "<target dev='vda' bus='virtio'/></disk>"
}

guest_serial() { cat "/var/log/libvirt/qemu/$1.serial" 2>/dev/null; }
guest_said() { [[ $( (echo "$(<"/var/log/libvirt/qemu/$1.serial")") 2>/dev/null) == *"$2"* ]]; }
guest_beat() { guest_serial "$1" | sed -n 's/^guest: beat \([0-9]*\).*/\1/p' | tail -n 1; }

# Succeeds when the guest's /init runs.
guest_wait() # NAME [SECONDS]
{
    if wait_for "${2:-60}" guest_said "$1" 'guest: beat'; then return 0; fi
    guest_serial "$1" | tail -n 20
    return 1
}

guest_up() # NAME [SECONDS]: assert that it comes up
{
    local start=$SECONDS said

    if guest_wait "$1" "${2:-60}"; then
        said=$(guest_serial "$1" | sed -n 's/^guest: up \([^\r]*\).*/\1/p')
        ok "guest '$1' runs its init after $((SECONDS - start)) s: $said"
    else
        not_ok "guest '$1' did not reach its init within ${2:-60} s"
    fi
}

guest_beats() # NAME: assert that it goes on running
{
    local before

    before=$(guest_beat "$1")
    if wait_for 20 guest_beat_after "$1" "${before:--1}"; then
        ok "guest '$1' goes on: beat $before, then $(guest_beat "$1")"
    else
        not_ok "guest '$1' stands still at beat '$before'"
    fi
}

guest_beat_after() { [ "$(guest_beat "$1")" -gt "$2" ]; }

# A network card whose other end is a tap device of the host.
guest_nic() { echo "<interface type='ethernet'><model type='virtio'/></interface>"; }

# What libvirt runs, and what it will start the next time.
live_xml() { virsh dumpxml "$1"; }
stored_xml() { virsh dumpxml --inactive "$1"; }
xpath() { xmllint --xpath "string($1)" - 2>/dev/null; }

# What our hook has complained of in the system log since `hook_log_start`.
hook_log_all() { journalctl --sync; journalctl -q -o cat -p warning -t virt-profile-hook; }
hook_log_start() { hook_log_lines=$(hook_log_all | wc -l); }
hook_log() { hook_log_all | tail -n +$((hook_log_lines + 1)); }

# Asserts that the stored definition is as its profile wants it.
converged() # NAME
{
    local file=/tmp/$1.stored profile

    stored_xml "$1" >"$file"
    profile=$(xpath '//*[local-name()="profile"]/@name' <"$file")
    if virt-profile rewrite "$file" >"$file.wanted" && cmp -s "$file" "$file.wanted"; then
        ok "the stored definition of '$1' is as its profile '$profile' wants it"
    else
        not_ok "the stored definition of '$1' is not as its profile '$profile' wants it:" \
            "$(diff "$file" "$file.wanted" | head -n 5)"
    fi
}

scopes() { systemctl list-units --no-legend 'machine-qemu*' | wc -l; }
no_scopes() { [ "$(scopes)" -eq 0 ]; }

# --- processes, threads, cgroups ----------------------------------------------------------------------------

guest_pid() { echo "$(<"/run/libvirt/qemu/$1.pid")"; }

guest_command() { tr '\0' ' ' <"/proc/$(guest_pid "$1")/cmdline"; }

guest_threads() # NAME PATTERN: thread ids whose name matches, in order
{
    local task pid comm

    pid=$(guest_pid "$1")
    for task in $(printf '%s\n' /proc/"$pid"/task/* | sort -V); do
        comm=$(thread_name "$pid" "${task##*/}")
        [[ -n $comm && $comm =~ $2 ]] && echo "${task##*/}"
    done
}

thread_name() { { echo "$(<"/proc/$1/task/$2/comm")"; } 2>/dev/null; } # PID TID: nothing when it has ended

# Each thread of a guest, by one of the two functions below, is within a list. QEMU's workers come and go: one that has
# ended by the time it was looked at says nothing.
threads_within() # WHAT NAME thread_cpuset|thread_affinity LIST [NAMES TO LEAVE OUT]
{
    local pid tid comm seen some=0

    pid=$(guest_pid "$2")
    for tid in $(guest_threads "$2" .); do
        comm=$(thread_name "$pid" "$tid")
        seen=$("$3" "$tid" 2>/dev/null)
        if [ -z "$comm" ] || [ ! -e "/proc/$pid/task/$tid" ] || [[ $comm =~ ${5:-^$} ]]; then continue; fi
        within "$1 $comm" "$seen" "$4"
        some=1
    done
    [ $some = 1 ] || not_ok "$1: no thread of '$2' was seen"
}

vcpu_thread() { guest_threads "$1" "^CPU $2/"; }
thread_affinity() # TID
{
    local key value

    while read -r key value; do
        [ "$key" != Cpus_allowed_list: ] || echo "$value"
    done <"/proc/$1/status"
}

thread_policy() { chrt -p "$1" | sed -n 's/.*policy: //p'; }

# The folder of a task's cgroup: in the v2 tree, or in the v1 hierarchy of a controller. Fails when the task has ended.
task_cgroup() # TID [CONTROLLER]
{
    local number names path base=/sys/fs/cgroup controller=''

    [ -e $base/cgroup.controllers ] || { controller=${2:-cpuset}; base+=/$controller; }
    while IFS=: read -r number names path; do
        [[ ,$names, == *,"$controller",* ]] && echo "$base$path" && return
    done 2>/dev/null <"/proc/$1/cgroup"
    return 1
}

thread_cpuset() # TID: the CPUs that the cgroups leave it; nothing when it has ended
{
    local dir

    dir=$(task_cgroup "$1" cpuset) || return
    [ -e "$dir/cpuset.cpus.effective" ] || { echo "$(<"$dir/cpuset.effective_cpus")"; return; }
    echo "$(<"$dir/cpuset.cpus.effective")"
}

# The cgroup of a guest, above libvirt's own children: a scope where systemd runs.
guest_cgroup() # NAME [CONTROLLER]
{
    local dir

    dir=$(task_cgroup "$(guest_pid "$1")" "${2:-cpuset}")
    dir=${dir%/emulator}
    echo "${dir%/libvirt}"
}

# --- memory -------------------------------------------------------------------------------------------------

# Pages of a process on a node (all of it, or mappings whose policy matches), in 4 KiB units.
numa_pages() # PID NODE [POLICY REGEX]
{
    awk -v node="N$2" -v policy="${3:-.}" '
        $2 ~ policy {
            size = 4
            for (i = 3; i <= NF; i++) if ($i ~ /^kernelpagesize_kB=/) size = substr($i, 19)
            for (i = 3; i <= NF; i++) if (index($i, node "=") == 1) pages += substr($i, length(node) + 2) * size / 4
        }
        END { print pages + 0 }' "/proc/$1/numa_maps"
}

hugepages() # NODE SIZE_KIB [nr|free]
{
    cat "/sys/devices/system/node/node$1/hugepages/hugepages-$2kB/${3:-nr}_hugepages"
}

# --- interrupts and devices ---------------------------------------------------------------------------------

irqs_named() { awk -v name="$1" '$0 ~ name { sub(":", "", $1); print $1 }' /proc/interrupts; }
irq_affinity() { echo "$(<"/proc/irq/$1/smp_affinity_list")"; }
irq_effective() { echo "$(<"/proc/irq/$1/effective_affinity_list")"; }

irq_count() # IRQS [CPUS]: interrupts taken, by the listed CPUs or by all
{
    awk -v irqs="$1" -v list="$(cpus "${2:-$(cat /sys/devices/system/cpu/online)}" | tr '\n' ' ')" '
        BEGIN { n = split(irqs, irq); for (i = 1; i <= n; i++) wanted[irq[i] ":"]; n = split(list, cpu) }
        NR == 1 { for (i = 1; i <= NF; i++) column[substr($i, 4)] = i + 1 }
        $1 in wanted { for (i = 1; i <= n; i++) sum += $column[cpu[i]] }
        END { print sum + 0 }' /proc/interrupts
}

irqbalance_banned() # CPUs that irqbalance leaves alone, as its socket says
{
    local socket
    socket=$(compgen -G '/run/irqbalance/irqbalance*.sock' | head -n 1)
    python3 - "$socket" <<'PYTHON'
import os, re, socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendmsg([b"setup"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", os.getpid(), 0, 0))])
text = s.recv(65536).decode()
mask = int(re.search(r"BANNED ([0-9a-f,]+)", text)[1].replace(",", ""), 16)
print(",".join(str(i) for i in range(64) if mask >> i & 1))
PYTHON
}

# The network interface of a driver.
nic_of() { grep -l "DRIVER=$1$" /sys/class/net/*/device/uevent | head -n 1 | cut -d/ -f5; }
pci_driver() { basename "$(readlink -f "/sys/bus/pci/devices/$1/driver")"; }

# The NVMe controller that can make virtual functions.
nvme_physical() # prints its PCI address
{
    local file

    for file in /sys/class/nvme/nvme*/device/sriov_totalvfs; do
        [ "$(cat "$file" 2>/dev/null || echo 0)" -gt 0 ] && basename "$(readlink -f "${file%/*}")"
    done
}

# Make COUNT virtual functions, each with three queues and three interrupts of its own, and switch them on.
# The queues and interrupts that can move belong to the physical function until they are taken from it and it
# is reset.
nvme_functions() # COUNT: prints their PCI addresses
{
    local device control number

    modprobe vfio-pci
    device=/sys/bus/pci/devices/$(nvme_physical)
    control=/dev/$(basename "$(printf '%s\n' "$device/nvme/"nvme*)")
    echo 0 >"$device/sriov_drivers_autoprobe"
    if [ "$(cat "$device/sriov_numvfs")" != "$1" ]; then
        echo 0 >"$device/sriov_numvfs"
        nvme virt-mgmt "$control" -c 0 -r 0 -n 0 -a 1 >/dev/null || return
        nvme virt-mgmt "$control" -c 0 -r 1 -n 0 -a 1 >/dev/null || return
        echo 1 >"$device/reset"
        wait_for 20 nvme id-ctrl "$control" || return
        echo "$1" >"$device/sriov_numvfs" || return
        for ((number = 1; number <= $1; number++)); do
            nvme virt-mgmt "$control" -c "$number" -r 0 -n 3 -a 8 >/dev/null || return
            nvme virt-mgmt "$control" -c "$number" -r 1 -n 3 -a 8 >/dev/null || return
            nvme virt-mgmt "$control" -c "$number" -r 0 -n 0 -a 9 >/dev/null || return
        done
    fi
    for ((number = 0; number < $1; number++)); do
        basename "$(readlink -f "$device/virtfn$number")"
    done
}

hostdev_xml() # PCI ADDRESS
{
    local domain bus slot function

    IFS=:. read -r domain bus slot function <<<"$1"
    echo "<hostdev mode='subsystem' type='pci' managed='yes'><source>"
    echo "<address domain='0x$domain' bus='0x$bus' slot='0x$slot' function='0x$function'/></source></hostdev>"
}

# --- the other virtual host ---------------------------------------------------------------------------------

peer_name() { sed -n 2p /lab/hosts; }
peer_uri() { echo "qemu+tcp://$(peer_name)/system"; }

# Run shell text on the other host, with this library there; prints what it prints.
on_peer() # TEXT
{
    local run

    run=/lab/jobs/$(peer_name)/asked.$$.$RANDOM
    { echo "# limit: 60"; echo ". /lab/tests/lib.sh"; echo "$1"; } >"$run.new"
    mv "$run.new" "$run.job"
    wait_for 70 test -e "$run.rc" || return 124
    cat "$run.out"
    return "$(cat "$run.rc")"
}
