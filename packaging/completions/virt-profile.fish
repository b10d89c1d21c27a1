# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for virt-profile(1)

function __virt_profile_command
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if contains -- $word list show knobs validate rewrite revert plan simulate map status assign clear apply start verify restore-host
            echo $word
            return 0
        end
    end
    return 1
end

function __virt_profile_is
    contains -- (__virt_profile_command) $argv
end

function __virt_profile_none
    not __virt_profile_command >/dev/null
end

# How many operands stand behind the command.
function __virt_profile_operands
    set -l words (commandline -opc)
    set -l command (__virt_profile_command)
    set -l n 0
    set -l seen 0
    for word in $words
        if test $seen = 1; and not string match -q -- '-*' $word
            set n (math $n + 1)
        end
        if test "$word" = "$command"
            set seen 1
        end
    end
    test $n = $argv[1]
end

function __virt_profile_names
    virt-profile list 2>/dev/null | cut -f 1,3
end

function __virt_profile_knobs
    virt-profile knobs 2>/dev/null | cut -f 1
end

function __virt_profile_running
    virt-profile status 2>/dev/null | cut -f 1
end

function __virt_profile_domains
    virsh -q list --all --name 2>/dev/null | string match -v ''
end

set -l c complete -c virt-profile
$c -f
$c -n __virt_profile_none -a list -d 'the profiles there are'
$c -n __virt_profile_none -a show -d 'what a profile sets, and where it says so'
$c -n __virt_profile_none -a knobs -d 'the settings a profile can make'
$c -n __virt_profile_none -a validate -d 'check profile files'
$c -n __virt_profile_none -a rewrite -d 'bring a profile into a domain definition'
$c -n __virt_profile_none -a revert -d 'take virt-profile out of a domain definition'
$c -n __virt_profile_none -a plan -d 'what a profile changes, and why'
$c -n __virt_profile_none -a simulate -d 'where guests would go on a host'
$c -n __virt_profile_none -a map -d 'draw a host, and guests on it'
$c -n __virt_profile_none -a status -d 'which guests run here, and whether their settings hold'
$c -n __virt_profile_none -a assign -d 'give a domain a profile'
$c -n __virt_profile_none -a clear -d "take a domain's profile away"
$c -n __virt_profile_none -a apply -d 'bring changed profiles into the definitions'
$c -n __virt_profile_none -a start -d 'start a domain with all settings in force'
$c -n __virt_profile_none -a verify -d 'whether the settings of running guests hold'
$c -n __virt_profile_none -a restore-host -d 'put the host back as it was'

$c -l color -x -a 'auto always never' -d 'when to print tables and colours'
$c -s h -l help -d 'print a summary and exit'
$c -l profiles -x -a '(__fish_complete_directories)' -d 'look for profiles there first'
$c -n __virt_profile_none -s V -l version -d 'print the version and exit'
$c -n '__virt_profile_is list show knobs validate plan simulate map status assign clear apply start verify restore-host' -l json -d 'print JSON'
$c -n '__virt_profile_is rewrite plan assign' -l enforce -x -a 'start refuse' -d 'what a stale definition means'
$c -n '__virt_profile_is rewrite plan simulate map assign apply' -l host -r -F -a 'live synthetic:' -d 'the machine to plan for'
$c -n '__virt_profile_is simulate map' -l housekeeping -x -d 'CPUs that no guest owns'
$c -n '__virt_profile_is simulate map' -l reserve -x -d 'memory of each node for the host'
$c -n '__virt_profile_is rewrite plan assign' -s s -l set -x -a '(__virt_profile_knobs)=' -d 'override one setting'
$c -n '__virt_profile_is rewrite plan' -l phase -x -a 'cold migrate restore live' -d 'what the definition is for'
$c -n '__virt_profile_is rewrite plan' -s p -l profile -x -a '(__virt_profile_names)' -d 'use this profile'
$c -n '__virt_profile_is revert' -l keep-tag -d 'leave name and overrides in the metadata'
$c -n '__virt_profile_is restore-host' -l force -d 'also while guests with a profile run'
$c -n '__virt_profile_is map' -l svg -d 'print an SVG drawing'
$c -n '__virt_profile_is plan' -s a -l all -d 'also what does not change'
$c -n '__virt_profile_is apply' -s a -l all -d 'every domain that has a profile'
$c -n '__virt_profile_is apply' -l live -d 'also what can change in a guest that runs'
$c -n '__virt_profile_is status' -s a -l all -d 'also domains that are off'
$c -n '__virt_profile_is assign' -l keep-sets -d 'keep the overrides that the domain has'
$c -n '__virt_profile_is status assign clear apply start verify' -s c -l connect -x -a 'qemu:///system qemu:///session' \
    -d 'the libvirt to talk to'
$c -n '__virt_profile_is assign clear apply start' -s v -l verbose -d 'say more'

$c -n '__virt_profile_is show; and __virt_profile_operands 0' -a '(__virt_profile_names)'
$c -n '__virt_profile_is assign; and __virt_profile_operands 1' -a '(__virt_profile_names)'
$c -n '__virt_profile_is knobs; and __virt_profile_operands 0' -a '(__virt_profile_knobs)'
$c -n '__virt_profile_is assign clear apply start; and __virt_profile_operands 0' -a '(__virt_profile_domains)'
$c -n '__virt_profile_is status verify; and __virt_profile_operands 0' -a '(__virt_profile_running)'
$c -n '__virt_profile_is validate rewrite revert plan simulate map' -F
