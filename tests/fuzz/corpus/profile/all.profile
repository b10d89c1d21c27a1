; everything a profile can hold
[profile]
summary = for the fuzzer
enforce = refuse
[cpu]
shares = 4000
[disk]
cache = none
io = keep
[network]
queues = min(vcpus, max(2, 8))
[memory]
hard-limit = 4G
[xml]
devices/disk[*]/driver/@discard = unmap
features/kvm/hidden/@state = on
os = <os><type>hvm</type></os>
title = (absent)
