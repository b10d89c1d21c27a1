# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A libvirt of our own: namespaces in which /run, /dev, /etc, /var and /usr are overlaid, so that neither the host's
# libvirt nor its guests are seen or touched. When its first process ends, the kernel ends the rest and drops the mounts.

# sandbox_enter STAGE WORK SCRIPT [ARG…]: run a script as the first process of a new sandbox.
# @STAGE: tree with usr/ and etc/ as `make install DESTDIR=` leaves it; may be empty
# @WORK: folder that stays the host's own, for logs and results
sandbox_enter() {
    SANDBOX_STAGE=$1 SANDBOX_WORK=$2
    shift 2
    # What a service gets; libvirt quotes it in its messages.
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    export SANDBOX_STAGE SANDBOX_WORK PATH
    exec unshare --mount --pid --net --ipc --fork --kill-child --mount-proc --propagation private -- bash "$@"
}

# --- from here on: inside ---

# Mount an overlay whose changes go to the sandbox's tmpfs.
sandbox_overlay() { # directory [extra lower directory]
    local dir=$1 extra=${2:-} upper
    upper=$SANDBOX/upper$(printf '%s' "$dir" | tr / -)
    mkdir -p "$upper/u" "$upper/w"
    mount -t overlay -o "lowerdir=${extra:+$extra:}$dir,upperdir=$upper/u,workdir=$upper/w" overlay "$dir"
}

sandbox_dev() {
    local new=$SANDBOX/dev name
    mkdir -p "$new"
    for name in null zero full random urandom tty console ptmx kvm vhost-net; do
        [ -c "/dev/$name" ] || continue
        : >"$new/$name"
        mount --bind "/dev/$name" "$new/$name"
    done
    for name in pts shm net mqueue; do
        [ -d "/dev/$name" ] || continue
        mkdir -p "$new/$name"
        mount --rbind "/dev/$name" "$new/$name"
    done
    [ -e "$new/ptmx" ] || ln -s pts/ptmx "$new/ptmx"
    if mkdir "$new/hugepages" && ! mount -t hugetlbfs hugetlbfs "$new/hugepages" 2>/dev/null; then
        rmdir "$new/hugepages"
    fi
    ln -s /proc/self/fd "$new/fd"
    ln -s fd/0 "$new/stdin"
    ln -s fd/1 "$new/stdout"
    ln -s fd/2 "$new/stderr"
    mount --rbind "$new" /dev
}

# Everything private; called once by the first process.
sandbox_setup() {
    local dir stage=$SANDBOX_STAGE
    # A folder that every system has and that nothing below is mounted over.
    SANDBOX=/mnt
    case $SANDBOX_WORK in
    /mnt/*) SANDBOX=/media ;;
    esac
    export SANDBOX
    mount -t tmpfs -o mode=755 sandbox "$SANDBOX"
    mkdir -p "$SANDBOX/keep" "$SANDBOX/run"
    mount --bind "$SANDBOX_WORK" "$SANDBOX/keep"
    sandbox_dev
    sandbox_overlay /etc "${stage:+$stage/etc}"
    sandbox_overlay /usr "${stage:+$stage/usr}"
    sandbox_overlay /var
    # virsh would ask it for passwords on a terminal, and it finds no polkit here.
    rm -f /usr/bin/pkttyagent
    case $SANDBOX_WORK in
    /var/*) mount --rbind "$SANDBOX/keep" "$SANDBOX_WORK" ;;
    esac
    for dir in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
        mkdir -p "$dir"
        mount -t tmpfs -o mode=755 sandbox "$dir"
    done
    if [ -n "$stage" ] && [ -d "$stage/etc/libvirt" ]; then
        cp -a "$stage/etc/libvirt/." /etc/libvirt/
    fi
    mount -t tmpfs -o mode=755 sandbox /run
    mkdir -p /run/lock /run/libvirt
    # libvirt makes it where no systemd answers; it goes again if it is ours.
    MACHINE_BEFORE=$(machine_groups)
    ip link set lo up
    SYSLOG_FILE=$SANDBOX_WORK/syslog
    LIBVIRT_DEFAULT_URI=qemu:///system
    export SYSLOG_FILE LIBVIRT_DEFAULT_URI
    : >"$SYSLOG_FILE"
    rm -rf "$SANDBOX_WORK/guests"
    busybox syslogd -n -S -O "$SYSLOG_FILE" >/dev/null 2>&1 &
    SYSLOG_PID=$!
    wait_until 5 test -S /dev/log || die "no syslog socket in the sandbox"
    sandbox_accounts
    libvirt_config
}

# Accounts that libvirtd looks up before it reads its configuration; another package makes them.
sandbox_accounts() {
    local name
    for name in libvirt-qemu kvm tss; do
        getent group "$name" >/dev/null || printf '%s:x:%d:\n' "$name" 64055 >>/etc/group
    done
    for name in libvirt-qemu tss; do
        getent passwd "$name" >/dev/null || printf '%s:x:64055:64055::/:/usr/sbin/nologin\n' "$name" >>/etc/passwd
    done
}

libvirt_config() {
    cat >/etc/libvirt/libvirtd.conf <<'CONF'
listen_tls = 0
listen_tcp = 0
unix_sock_ro_perms = "0700"
unix_sock_rw_perms = "0700"
unix_sock_dir = "/run/libvirt"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_level = 3
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
CONF
    cat >/etc/libvirt/qemu.conf <<'CONF'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = [ ]
stdio_handler = "logd"
CONF
    printf 'log_level = 3\n' >/etc/libvirt/virtlogd.conf
}

# Huge pages of 2 MiB for guests that ask for them: the one thing of the host that a sandbox changes, and gives back.
HUGEPAGES=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages HUGEPAGES_BEFORE=''

hugepages_reserve() { # number of pages, besides those in use
    [ -w "$HUGEPAGES" ] || return 0
    HUGEPAGES_BEFORE=$(cat "$HUGEPAGES")
    printf '%d\n' $((HUGEPAGES_BEFORE + $1)) >"$HUGEPAGES"
}

hugepages_restore() {
    [ -z "$HUGEPAGES_BEFORE" ] || printf '%d\n' "$HUGEPAGES_BEFORE" >"$HUGEPAGES"
}

libvirt_answers() { virsh -q version; }

LIBVIRTD_PID='' VIRTLOGD_PID='' SYSLOG_PID='' MACHINE_BEFORE=''

machine_groups() { compgen -G '/sys/fs/cgroup/machine' || compgen -G '/sys/fs/cgroup/*/machine' || true; }

# One that was killed a moment ago may still hold its pid file, and the new one ends at once: it is started again.
libvirtd_start() {
    local _
    for _ in 1 2 3 4 5; do
        setsid libvirtd -f /etc/libvirt/libvirtd.conf -p /run/libvirtd.pid >/var/log/libvirt/libvirtd.out 2>&1 &
        LIBVIRTD_PID=$!
        printf '%s\n' "$LIBVIRTD_PID" >/run/sandbox-libvirtd.pid
        wait_until 30 libvirtd_settled || break
        pid_gone "$LIBVIRTD_PID" || return 0
        sleep 0.5
    done
    cat /var/log/libvirt/libvirtd.out /var/log/libvirt/libvirtd.log >&2
    die "libvirtd did not answer within 30 s"
}

libvirtd_settled() { pid_gone "$LIBVIRTD_PID" || libvirt_answers; }

# Also for a shell that did not start it: the process id is in a file.
libvirtd_stop() {
    local pid
    pid=$(cat /run/sandbox-libvirtd.pid 2>/dev/null) || return 0
    kill -TERM "$pid" 2>/dev/null || true
    wait_until 20 pid_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
    rm -f /run/sandbox-libvirtd.pid /run/libvirtd.pid
}

pid_gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

libvirt_up() {
    setsid virtlogd -f /etc/libvirt/virtlogd.conf -p /run/virtlogd.pid >/var/log/libvirt/virtlogd.out 2>&1 &
    VIRTLOGD_PID=$!
    wait_until 10 test -S /run/libvirt/virtlogd-sock || die "virtlogd did not start within 10 s"
    libvirtd_start
}

# Guests first, so that libvirt removes their control groups.
libvirt_down() {
    local dom
    if [ -e /run/sandbox-libvirtd.pid ] && timeout 5 virsh -q version >/dev/null 2>&1; then
        for dom in $(timeout 10 virsh -q list --name 2>/dev/null); do
            timeout 20 virsh -q destroy "$dom" >/dev/null 2>&1 || true
        done
    fi
    libvirtd_stop
    [ -z "$VIRTLOGD_PID" ] || kill -TERM "$VIRTLOGD_PID" 2>/dev/null || true
    [ -z "$SYSLOG_PID" ] || kill -TERM "$SYSLOG_PID" 2>/dev/null || true
    if [ -z "$MACHINE_BEFORE" ]; then
        machine_groups | xargs -r rmdir 2>/dev/null || true
    fi
}
