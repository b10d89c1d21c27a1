#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demonstration: first process of a sandbox. One guest, started untuned, given a profile, started tuned, given back.
set -euo pipefail

for part in ui sandbox guest; do
    # shellcheck source=/dev/null
    . "$GUEST_LIB/$part.sh"
done
DOM=orders
TEMPLATE=$(dirname "$GUEST_LIB")/templates/server.xml
WORDS=$SANDBOX_WORK/demo
START=$SECONDS

finish() {
    local rc=$?
    trap '' INT TERM EXIT
    libvirt_down
    [ "$rc" = 0 ] || warn "the demo ended early; logs are in $SANDBOX_WORK/logs"
    exit "$rc"
}

# A command as one would type it, and what it says.
show() {
    printf '%s# %s%s\n' "$C_BOLD" "$*" "$C_OFF"
    "$@"
}

# A definition without the record that virt-profile keeps of what was there before.
without_record() {
    sed -e '/<vp:was.*[^/]>$/,/<\/vp:was>/d' -e '/<vp:\(was\|made\|had\)/d' "$1"
}

# Only the changed lines.
show_diff() { # before, after
    diff -U 0 <(without_record "$1") <(without_record "$2") | grep -E '^[-+]' | grep -vE '^(---|\+\+\+)' |
        while IFS= read -r line; do
            case $line in
            +*) printf '%s%s%s\n' "$C_GREEN" "$line" "$C_OFF" ;;
            *) printf '%s%s%s\n' "$C_RED" "$line" "$C_OFF" ;;
            esac
        done || true
}

# What QEMU was told about disk, memory and interface, one fact on a line.
qemu_facts() {
    local line
    line=$(guest_cmdline "$DOM" | grep -F disk.raw | head -n 1)
    printf 'disk: %s, %s\n' "$(grep -o '"aio":"[a-z_]*"' <<<"$line" || echo 'aio: the default')" \
        "$(grep -o '"direct":[a-z]*' <<<"$line" || echo 'through the page cache')"
    line=$(guest_cmdline "$DOM" | grep -F virtio-blk-pci | head -n 1)
    printf 'disk device: %s, %s\n' "$(grep -o '"iothread":"[^"]*"' <<<"$line" || echo 'in the main loop')" \
        "$(grep -o '"num-queues":[0-9]*' <<<"$line" || echo 'default queues')"
    line=$(guest_cmdline "$DOM" | grep -F virtio-net-pci | head -n 1)
    printf 'interface: %s\n' "$(grep -o '"mq":true,"vectors":[0-9]*' <<<"$line" || echo 'one queue')"
    printf 'memory: %s\n' "$(guest_cmdline "$DOM" | grep -o 'mem-merge=off' || echo 'may be merged')"
    printf 'limit: %s reads and writes per second\n' \
        "$(vsh blkdeviotune "$DOM" vda | sed -n 's/^total_iops_sec *: *//p')"
}

guest_facts() {
    local key
    for key in cpus memory-kib clocksource vda.queues vda.write-cache eth0.queues virtio reads-per-second; do
        printf '%-18s %s\n' "$key" "$(guest_fact "$DOM" "$key")"
    done
}

# Two lists of facts side by side; what differs stands out.
side_by_side() { # before, after
    paste -d '\t' "$1" "$2" | while IFS=$'\t' read -r before after; do
        if [ "$before" = "$after" ]; then
            printf '  %-50s %s%s%s\n' "$before" "$C_DIM" "$after" "$C_OFF"
        else
            printf '  %-50s %s%s%s\n' "$before" "$C_GREEN" "$after" "$C_OFF"
        fi
    done
}

boot() { # name of the facts
    vsh start "$DOM"
    guest_wait "$DOM" 90 VP-READY || die 'the guest did not boot'
    qemu_facts >"$WORDS/qemu.$1"
    guest_facts >"$WORDS/guest.$1"
}

stop() {
    vsh destroy "$DOM"
    rm -f "$(guest_serial "$DOM")"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
sandbox_setup
mkdir -p "$WORDS"
libvirt_up
say "a libvirt of our own is running: $(virsh -q version | sed -n 's/^Using library: //p'), hook $(find /etc/libvirt/hooks -type f | head -n 1)"

title '1. A guest as it is: defined and started, no profile'
guest_define "$DOM" "$TEMPLATE"
vsh dumpxml --inactive "$DOM" >"$WORDS/original.xml"
boot before
say "'$DOM' is running: 2 vCPUs, one virtio disk, one virtio interface"
stop

title '2. What a profile would change, and why'
show virt-profile plan --profile sql-db "$WORDS/original.xml"

title '3. Give it the profile, with one setting of our own; what that did to its definition'
show virt-profile assign "$DOM" sql-db --set disk.total-iops=300
vsh dumpxml --inactive "$DOM" >"$WORDS/tuned.xml"
show_diff "$WORDS/original.xml" "$WORDS/tuned.xml"

title '4. Start it: libvirt calls the installed hook, QEMU gets the settings'
boot after
printf '  %s%-50s %s%s\n' "$C_BOLD" 'QEMU without a profile' 'with sql-db' "$C_OFF"
side_by_side "$WORDS/qemu.before" "$WORDS/qemu.after"
printf '\n  %s%-50s %s%s\n' "$C_BOLD" 'the guest saw without a profile' 'with sql-db' "$C_OFF"
side_by_side "$WORDS/guest.before" "$WORDS/guest.after"
stop

title '5. Someone edits the definition by hand; the profile is enforced'
show virt-profile assign "$DOM" sql-db --set disk.total-iops=300 --set cpu.placement=shared --enforce=refuse
vsh dumpxml --inactive "$DOM" | sed "s/cache='none'/cache='writeback'/; s/ io='native'//" >"$WORDS/edited.xml"
vsh define "$WORDS/edited.xml"
if show virsh start "$DOM"; then
    die 'the start was not refused'
fi
show virt-profile apply "$DOM"
show virsh start "$DOM"
say "it is $(vsh domstate "$DOM" | head -n 1)"
stop

title '6. Take the profile away: the definition is what it was'
show virt-profile clear "$DOM"
vsh dumpxml --inactive "$DOM" >"$WORDS/cleared.xml"
if cmp "$WORDS/original.xml" "$WORDS/cleared.xml"; then
    say "${C_GREEN}byte for byte the original definition, $(wc -c <"$WORDS/original.xml") bytes$C_OFF"
else
    die 'the definition differs from the original'
fi
say "$((SECONDS - START)) s"
