# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What every case sources first.
set -uo pipefail

for part in ui sandbox guest tap; do
    # shellcheck source=/dev/null
    . "$GUEST_LIB/$part.sh"
done
TEMPLATES=$(dirname "$GUEST_LIB")/templates
HOOK=/etc/libvirt/hooks/qemu
export HOOK TEMPLATES

# The stored definition, secrets included, to a file.
stored() { vsh dumpxml --inactive --security-info "$1" >"$SANDBOX/$2"; } # domain, file

live() { vsh dumpxml "$1"; }

state() { vsh domstate "$1" | head -n 1; }

is_running() { [ "$(state "$1")" = running ]; }

ticks_past() { [ "$(guest_tick "$1")" -gt "$2" ]; } # domain, heartbeat

# xml FILE XPATH: the text of what the expression selects.
xml() { xmllint --xpath "string($2)" "$1" 2>/dev/null; }

# What the hook has said since the last call of `syslog_mark`.
syslog_mark() { SYSLOG_FROM=$(($(wc -l <"$SYSLOG_FILE") + 1)); }
syslog_seen() { tail -n "+${SYSLOG_FROM:-1}" "$SYSLOG_FILE"; }

# A guest that is defined, tagged (unless the profile is '-') and, if asked, started up to its init script.
make_guest() { # name, template, profile, virt-profile options…
    local name=$1 template=$2 profile=$3
    shift 3
    guest_define "$name" "$TEMPLATES/$template.xml" || return 1
    [ "$profile" = - ] || virt-profile assign "$name" "$profile" "$@" >/dev/null
}

# Locking memory needs a process that may raise its limits; not every container gives that to root. Where it does not,
# guests are started with everything else of the profile.
if prlimit --memlock=unlimited:unlimited true 2>/dev/null; then
    UNLOCKED=() LOCKS=1
else
    UNLOCKED=(--set memory.locked=no) LOCKS=0
fi

boot_guest() { # name
    vsh start "$1" && guest_wait "$1" 90 VP-READY
}

# The object of the QEMU command line that has this id, as JSON or options.
qemu_object() { guest_cmdline "$1" | grep -F -- "$2" | head -n 1; } # domain, text
