#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: fresh
# needs: packages
# limit: 300
# The life of the Debian package on a host that has guests and has never seen virt-profile: installed, a guest tuned, with
# an administrator's hook beside ours; upgraded and purged while it runs, without its notice, and nothing is left.
. /lab/tests/lib.sh

packages=/lab/packages
link=/etc/libvirt/hooks/qemu.d/50-virt-profile
dropins=/run/systemd/system/machine-qemu

dpkg_says() { dpkg-query -W -f "\${$1}" virt-profile 2>/dev/null; }
install_deb() { DEBIAN_FRONTEND=noninteractive dpkg --force-unsafe-io -i "$1"; }
reloads() {
    journalctl --sync
    journalctl -q -o cat -u libvirtd -g '^Reloaded' | wc -l
}
denials() {
    journalctl --sync
    journalctl -q -k -o cat | grep -a 'apparmor="DENIED"'
}
snapshot() { "$packages/touched" >"/tmp/$1" && [ -s "/tmp/$1" ]; }
undisturbed() { # WHAT
    is "libvirtd after $1" "$(pidof libvirtd)" "$daemon"
    is "the guest without a profile after $1" "$(guest_pid other):$(virsh domstate other | head -n 1)" "$other:paused"
    [ -z "$pid" ] || is "the guest with one after $1" "$(guest_pid db):$(virsh domstate db | head -n 1)" "$pid:running"
}
tuned() { # WHAT
    is "disk cache $1" "$(live_xml db | xpath '//disk/driver/@cache')" none
    isnt "CPUs of vCPU 0 $1" "$(thread_affinity "$(vcpu_thread db 0)")" "$everywhere"
    is "swappiness $1" "$(cat /proc/sys/vm/swappiness)" 10
    like "the ledger $1" "$(virt-profile status)" '^db[[:space:]]'
}

fails "no virt-profile here yet" command -v virt-profile
like "AppArmor label of libvirtd" "$(cat /proc/"$(pidof libvirtd)"/attr/current)" '^libvirtd \(enforce\)$'
is "hooks of this host" "$(find /etc/libvirt/hooks -mindepth 1 2>/dev/null)" ""
guest_define other memory=64 vcpus=1
virsh -q start --paused other
daemon=$(pidof libvirtd) other=$(guest_pid other) pid=''
passes "a picture of the host" snapshot before
everywhere=$(cat /sys/devices/system/cpu/online)

note "installed"
passes "dpkg -i" install_deb $packages/virt-profile_old.deb
is "state of the package" "$(dpkg_says db:Status-Status)" installed
is "the hook" "$(readlink $link)" /usr/sbin/virt-profile-hook
is "reloads of libvirtd" "$(reloads)" 1
undisturbed "the installation"
is "the daemon" "$(systemctl is-enabled virt-profiled) $(systemctl is-active virt-profiled)" "enabled active"
is "its confinement" "$(cat /proc/"$(pidof virt-profiled)"/attr/current)" "libvirt-profiled (enforce)"
profiled=$(pidof virt-profiled)

note "a hook of the administrator beside it"
cat >/etc/libvirt/hooks/qemu <<'HOOK'
#!/bin/sh
echo "$1 $2" >>/run/theirs
HOOK
chmod 755 /etc/libvirt/hooks/qemu
guest_define db memory=96 "devices=$(guest_disk db 8)"
passes "assign sql-db" virt-profile assign db sql-db
hook_log_start
passes "start it" virsh -q start db
pid=$(guest_pid db)
like "their hook ran" "$(cat /run/theirs)" 'db started'
tuned "at the start"
guest_up db 90

note "upgraded"
passes "dpkg -i of a newer one" install_deb $packages/virt-profile_new.deb
like "version" "$(dpkg_says Version)" 'newer$'
is "the new program" "$(tail -c 5 /usr/sbin/virt-profile-hook)" newer
undisturbed "the upgrade"
is "the daemon" "$(systemctl is-active virt-profiled)" active
isnt "its process" "$(pidof virt-profiled)" "$profiled"
tuned "after the upgrade"
is "reloads of libvirtd" "$(reloads)" 1
like "limits of the guest" "$(compgen -G "$dropins*")" 'db\.scope\.d'
is "complaints of the hook" "$(hook_log)" ""

note "purged"
dpkg -L virt-profile >/tmp/files
dpkg_says Conffiles | awk '{ print $1 }' >>/tmp/files
passes "dpkg -P" dpkg -P virt-profile
is "state of the package" "$(dpkg_says db:Status-Status)" ""
undisturbed "the purge"
is "the daemon" "$(pidof virt-profiled)$(systemctl list-units --all --no-legend 'virt-profile*')" ""
hasnt_profile() { ! grep -q libvirt-profiled /sys/kernel/security/apparmor/profiles; }
passes "its confinement is gone" hasnt_profile
guest_beats db
is "files left" "$(while read -r file; do [ -d "$file" ] || ls -d "$file" 2>/dev/null; done </tmp/files)" ""
is "folders left" "$(compgen -G '/[eruv]*/*virt-profile*'; find /usr /var/lib /var/cache /var/log -name '*virt-profile*')" ""
is "hooks left" "$(find /etc/libvirt/hooks -mindepth 1)" /etc/libvirt/hooks/qemu
is "limits left" "$(compgen -G "$dropins*")" ""
passes "another picture of the host" snapshot after
is "settings left" "$(diff /tmp/before /tmp/after)" ""
stored_xml db >/tmp/db.stored
passes "the definition is valid" virsh define --validate /tmp/db.stored
is "AppArmor's denials" "$(denials)" ""
