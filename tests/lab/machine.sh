# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by tests/lab/run: turns a row of tests/lab/shapes into a QEMU process, and talks to the agent in it.
# Uses $lab (this folder), $image (what ./image printed), $work (a folder for this run).
# shellcheck disable=SC2154 # those three, and host_pid, are the caller's
# shellcheck disable=SC2054 # QEMU's arguments have commas of their own
# shellcheck disable=SC2034 # and the caller reads what is set here

boot_limit=300
hertz=$(getconf CLK_TCK)
virtual_functions=sriov_max_vfs=4,sriov_vq_flexible=12,sriov_vi_flexible=12

# QEMU emulates AMD's virtualization, so that KVM itself runs in an emulated host; Intel's it does not. TCG
# claims no topology extension, although the CPUID leaves behind it are there: without it Linux sees no
# hardware threads.
emulated_cpu="max,family=23,model=1,stepping=2,la57=off,+topoext,x-force-features=on,xlevel=0x8000001e"

# Ways to run a virtual host: KVM where a kernel really boots on it, else emulation.
choose_accelerator()
{
    accelerator=(-accel tcg,thread=multi -cpu "$emulated_cpu")
    accelerator_name=TCG
    [ -w /dev/kvm ] || return 0
    if timeout 10 qemu-system-x86_64 -accel kvm -cpu host -M q35,kernel-irqchip=split -smp 2 -m 256 -nodefaults \
        -display none -no-reboot -serial stdio -kernel "$image/vmlinux" -append "console=ttyS0 panic=-1" \
        </dev/null 2>/dev/null | grep -qa 'Kernel panic'; then
        accelerator=(-accel kvm -cpu host)
        accelerator_name=KVM
    fi
}

load_shape() # NAME
{
    local row

    row=$(awk -v name="$1" '$1 == name' "$lab/shapes")
    [ -n "$row" ] || { echo "lab: no shape '$1' in tests/lab/shapes" >&2; return 1; }
    read -r shape nodes cores threads memory cgroup init devices <<<"$row"
}

node_arguments()
{
    local per_node=$((cores * threads)) near node other distance

    for ((node = 0; node < nodes; node++)); do
        arguments+=(-object "memory-backend-ram,id=ram$node,size=$((memory / nodes))M"
            -numa "node,nodeid=$node,memdev=ram$node,cpus=$((node * per_node))-$(((node + 1) * per_node - 1))")
    done
    for ((node = 0; node < nodes; node++)); do
        for ((other = 0; other < nodes; other++)); do
            near=$(((nodes + node - other) % nodes))
            distance=31
            if ((near == 0)); then distance=10; elif ((near == 1 || near == nodes - 1)); then distance=21; fi
            arguments+=(-numa "dist,src=$node,dst=$other,val=$distance")
        done
    done
}

# Each device sits behind a PCIe host bridge of its own that firmware places on the named node.
device_arguments()
{
    local item bus=32 id

    [ "$devices" = - ] && return
    for item in ${devices//,/ }; do
        id=d$bus
        arguments+=(-device "pxb-pcie,id=bridge$id,bus=pcie.0,bus_nr=$bus,numa_node=${item#*@}"
            -device "pcie-root-port,id=port$id,bus=bridge$id,chassis=$bus")
        case ${item%@*} in
        nvme)
            truncate -s 64M "$work/$host.nvme"
            arguments+=(-drive "if=none,id=flash,format=raw,file=$work/$host.nvme,cache=unsafe"
                -device nvme-subsys,id=subsys
                -device "nvme,serial=lab,bus=port$id,subsys=subsys,$virtual_functions"
                -device nvme-ns,drive=flash,shared=on) ;;
        nic)
            arguments+=(-netdev "hubport,hubid=7,id=wire$id" -device "e1000e,bus=port$id,netdev=wire$id") ;;
        *)
            echo "lab: shape '$shape' names an unknown device '$item'" >&2
            return 1 ;;
        esac
        bus=$((bus + 32))
    done
}

# The hosts of a run stand in $work/hosts, one name a line; the line's number is the host's number.
machine_arguments() # HOST NUMBER
{
    local host=$1 number=$2 append ends

    load_shape "$host"
    arguments=(-name "lab-$host" "${accelerator[@]}" -M q35,kernel-irqchip=split
        -uuid "5ab0f00d-0000-4000-8000-00000000000$number"
        -smp "$((nodes * cores * threads)),sockets=$nodes,cores=$cores,threads=$threads" -m "$memory"
        -nodefaults -display none -no-reboot -device intel-iommu,intremap=on,caching-mode=on
        -drive "if=none,id=disk,file=$work/$host.qcow2,cache=unsafe,discard=unmap" -device virtio-blk-pci,drive=disk
        -fsdev "local,id=share,path=$work/share,security_model=none,multidevs=remap"
        -device virtio-9p-pci,fsdev=share,mount_tag=lab
        -device virtio-rng-pci)
    if [ "$(wc -l <"$work/share/hosts")" -eq 2 ]; then
        ends=local.type=unix,local.path=$work/cable$number,remote.type=unix,remote.path=$work/cable$((3 - number))
        arguments+=(-netdev "dgram,id=cable,$ends"
            -device "virtio-net-pci,netdev=cable,mac=52:54:00:76:70:0$number,romfile=")
    fi
    node_arguments
    device_arguments
    # On a busy machine an emulated timer is too late for the kernel's check of it.
    append="console=ttyS0 intel_iommu=on iommu=pt panic=-1 no_timer_check lab.host=$host lab.number=$number"
    case $init in
    plain) append+=" lab.init=/lab/tests/host/plain-init apparmor=0" ;;
    *) append+=" systemd.show_status=0" ;;
    esac
    if [ "$cgroup" = v1 ] && [ "$init" = systemd ]; then
        append+=" systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1"
    fi
    arguments+=(-kernel "$image/vmlinux" -initrd "$image/host.cpio" -append "$append $extra_append")
}

start_host() # HOST NUMBER [QEMU ARGUMENTS…]
{
    local host=$1 number=$2
    shift 2

    mkdir -p "$work/share/jobs/$host"
    qemu-img create -q -f qcow2 -b "$image/disk.raw" -F raw "$work/$host.qcow2"
    machine_arguments "$host" "$number"
    if [ $# -gt 0 ]; then
        qemu-system-x86_64 "${arguments[@]}" "$@"
        return
    fi
    rm -f "$work/$host".monitor.*
    mkfifo "$work/$host.monitor.in" "$work/$host.monitor.out"
    arguments+=(-chardev "pipe,id=monitor,path=$work/$host.monitor" -mon chardev=monitor)
    qemu-system-x86_64 "${arguments[@]}" -serial "file:$work/$host.serial" </dev/null >"$work/$host.qemu" 2>&1 &
    host_pid["$host"]=$!
}

host_runs() # HOST
{
    [ -n "${host_pid[$1]:-}" ] && kill -0 "${host_pid[$1]}" 2>/dev/null
}

wait_host() # HOST: until its agent takes jobs
{
    local deadline=$((SECONDS + boot_limit))

    until [ -e "$work/share/jobs/$1/up" ]; do
        if ! host_runs "$1"; then
            say "host '$1' ended while it came up"
            return 1
        elif ((SECONDS > deadline)); then
            say "host '$1' did not come up within $boot_limit s"
            return 1
        fi
        sleep 0.2
    done
}

# What the CPUs of a host are at, for a hang.
dump_host() # HOST
{
    host_runs "$1" || return 0
    echo "info registers -a" 1<>"$work/$1.monitor.in"
    timeout 2 cat "$work/$1.monitor.out" | sed 's/.*\x1b\[K//' >"$work/$1.registers"
}

stop_host() # HOST
{
    local deadline=$((SECONDS + 15))

    host_runs "$1" || return 0
    touch "$work/share/jobs/$1/stop"
    while host_runs "$1" && ((SECONDS < deadline)) && [ -e "$work/share/jobs/$1/up" ]; do
        sleep 0.2
    done
    kill -KILL "${host_pid[$1]}" 2>/dev/null || true
    wait "${host_pid[$1]}" 2>/dev/null || true
    unset "host_pid[$1]"
}

# For the host itself, in its jobs/HOST/cpu: hundredths of seconds that it got of the processors of this machine.
tell_time() # HOST
{
    local stat

    { read -ra stat <"/proc/${host_pid[$1]}/stat"; } 2>/dev/null || return
    # Always as long, so that a reader never finds a part.
    printf '%010d\n' $(((stat[13] + stat[14]) * 100 / hertz)) 1<>"$work/share/jobs/$1/cpu"
}

# Run a script on a host; its output is copied to standard output while it runs. 124: it, or its host, hung.
run_job() # HOST NAME LIMIT SCRIPT
{
    local run=$work/share/jobs/$1/$2 deadline=$((SECONDS + $3 + 30)) tail_pid rc=

    { echo "# limit: $3"; echo "exec bash $4"; } >"$run.new"
    : >"$run.out"
    mv "$run.new" "$run.job"
    tail -n +1 -f -s 0.2 --pid=$$ "$run.out" 2>/dev/null &
    tail_pid=$!
    until [ -e "$run.rc" ]; do
        sleep 0.2
        tell_time "$1"
        if ! host_runs "$1"; then
            echo "lab: host '$1' is gone"
            rc=124
            break
        elif ((SECONDS > deadline)); then
            echo "lab: host '$1' gave no answer to '$2' within $(($3 + 30)) s"
            rc=124
            break
        fi
    done
    [ "$rc" = 124 ] || rc=$(cat "$run.rc")
    sleep 0.3
    kill "$tail_pid"
    wait "$tail_pid" 2>/dev/null || true
    return "$rc"
}
