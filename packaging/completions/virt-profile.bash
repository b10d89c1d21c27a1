# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for virt-profile(1)

_virt_profile_names() { virt-profile list 2>/dev/null | cut -f 1; }
_virt_profile_knobs() { virt-profile knobs 2>/dev/null | cut -f 1; }
_virt_profile_running() { virt-profile status 2>/dev/null | cut -f 1; }
_virt_profile_domains() { virsh -q list --all --name 2>/dev/null; }

_virt_profile_options() { # command, "" for none
    local general='--color --help --profiles'
    case $1 in
    '') echo "$general --version" ;;
    list | show | knobs | validate) echo "$general --json" ;;
    rewrite) echo "$general --enforce --host --phase --profile --set" ;;
    revert) echo "$general --keep-tag" ;;
    plan) echo "$general --all --enforce --host --json --phase --profile --set" ;;
    simulate) echo "$general --host --housekeeping --json --reserve" ;;
    map) echo "$general --host --housekeeping --json --reserve --svg" ;;
    status) echo "$general --all --connect --json" ;;
    start) echo "$general --connect --json --verbose" ;;
    verify) echo "$general --connect --json" ;;
    assign) echo "$general --connect --enforce --host --json --keep-sets --set --verbose" ;;
    clear) echo "$general --connect --json --verbose" ;;
    restore-host) echo "$general --force --json" ;;
    apply) echo "$general --all --connect --host --json --live --verbose" ;;
    esac
}

# Fill COMPREPLY with the words of a list that start as the current one.
_virt_profile_reply() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

# The argument of an option; 1 when it takes none.
_virt_profile_argument() { # option, current word
    case $1 in
    --color) _virt_profile_reply 'auto always never' "$2" ;;
    --enforce) _virt_profile_reply 'start refuse' "$2" ;;
    --phase) _virt_profile_reply 'cold migrate restore live' "$2" ;;
    --host) mapfile -t COMPREPLY < <(compgen -W 'live synthetic:' -- "$2"; compgen -f -- "$2") ;;
    --housekeeping | --reserve) ;;
    --profiles) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    --profile | -p) _virt_profile_reply "$(_virt_profile_names)" "$2" ;;
    --connect | -c) _virt_profile_reply 'qemu:///system qemu:///session' "$2" ;;
    --set | -s)
        _virt_profile_reply "$(_virt_profile_knobs)" "$2"
        COMPREPLY=("${COMPREPLY[@]/%/=}")
        compopt -o nospace 2>/dev/null || true
        ;;
    *) return 1 ;;
    esac
}

_virt_profile_operand() { # command, how many operands stand before, current word
    case $1:$2 in
    show:0 | assign:1) _virt_profile_reply "$(_virt_profile_names)" "$3" ;;
    knobs:0) _virt_profile_reply "$(_virt_profile_knobs)" "$3" ;;
    assign:0 | clear:0 | apply:0 | start:0) _virt_profile_reply "$(_virt_profile_domains)" "$3" ;;
    status:0 | verify:0) _virt_profile_reply "$(_virt_profile_running)" "$3" ;;
    validate:* | rewrite:0 | revert:0 | plan:0 | simulate:0 | map:0) mapfile -t COMPREPLY < <(compgen -f -- "$3") ;;
    esac
}

_virt_profile() {
    local commands='list show knobs validate rewrite revert plan simulate map status assign clear apply start verify restore-host'
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' operands=0 i word
    COMPREPLY=()
    # bash makes "=" a word of its own: --phase = co
    if [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    elif [ "$current" = = ]; then
        current=''
    fi
    _virt_profile_argument "$before" "$current" && return
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --color | --enforce | --phase | --host | --housekeeping | --profiles | --profile | -p | --reserve | --connect | -c | --set | -s)
            [ "${COMP_WORDS[i + 1]}" = = ] && i=$((i + 1))
            i=$((i + 1))
            # --set knob = value
            case $word in --set | -s) [ "${COMP_WORDS[i + 1]-}" = = ] && i=$((i + 2)) ;; esac
            ;;
        -?*) ;;
        *)
            if [ -z "$command" ]; then command=$word; else operands=$((operands + 1)); fi
            ;;
        esac
    done
    case $current in
    -*) _virt_profile_reply "$(_virt_profile_options "$command")" "$current" ;;
    *)
        if [ -z "$command" ]; then
            _virt_profile_reply "$commands" "$current"
        else
            _virt_profile_operand "$command" "$operands" "$current"
        fi
        ;;
    esac
}

complete -F _virt_profile virt-profile
