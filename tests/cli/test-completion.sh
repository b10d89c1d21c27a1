#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The completions, run by their shells.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# What the shells run by name.
mkdir -p "$work/bin"
cat >"$work/bin/virt-profile" <<SH
#!/bin/sh
exec '$program' --root '$root' --profiles /profiles "\$@"
SH
# shellcheck disable=SC2016 # a script
printf '#!/bin/sh\n[ "$2" = list ] && printf "db1\\nweb\\n\\n"\n' >"$work/bin/virsh"
chmod +x "$work"/bin/*
PATH=$work/bin:$PATH

fake_machine "$root" ''
entry www 1 '"id":3,"state":"coming","maker":[0,0],"qemu":[0,0],"since":1,"ticks":0,"wants":[]'

"$program" --dump-options >"$work/table"
table_of() { awk -F '\t' -v command="$1" '$1 == command { print $2 }' "$work/table" | sort -u | paste -sd ' '; }

# words of the command line, the last one being completed
complete_bash() {
    bash --norc -c '
        . "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _virt_profile
        printf "%s\n" "${COMPREPLY[@]}" | sort -u | paste -sd " "
    ' "$srcdir/packaging/completions/virt-profile.bash" "$@" 2>&1
}
is 'bash: a command' "$(complete_bash virt-profile re)" 'restore-host revert rewrite'
is 'bash: the option of a command' "$(complete_bash virt-profile plan --ph)" --phase
is 'bash: what an option takes' "$(complete_bash virt-profile plan --phase = re)" restore
is 'bash: the same without =' "$(complete_bash virt-profile plan --phase '')" 'cold live migrate restore'
is 'bash: a profile' "$(complete_bash virt-profile show s)" sql-db
is 'bash: a profile behind an option' "$(complete_bash virt-profile rewrite -p n)" nfv
is 'bash: a domain' "$(complete_bash virt-profile assign d)" db1
is 'bash: then a profile' "$(complete_bash virt-profile assign --set disk.cache = none db1 des)" desktop-vdi
is 'bash: a guest that runs' "$(complete_bash virt-profile status w)" www
is 'bash: an override' "$(complete_bash virt-profile plan -s disk.cach)" disk.cache=
is 'bash: a knob' "$(complete_bash virt-profile knobs disk.cach)" disk.cache
for command in '' $(cut -f 1 "$work/table" | grep -v '^-' | uniq); do
    is "bash: every option of '$command'" "$(complete_bash virt-profile ${command:+"$command"} --)" "$(table_of "${command:--}")"
done

if command -v fish >/dev/null; then
    # shellcheck disable=SC2016 # for fish to expand
    complete_fish() {
        HOME=$work fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$srcdir/packaging/completions/virt-profile.fish" "$1" |
            cut -f 1 | sort -u | paste -sd ' '
    }
    is 'fish: a command' "$(complete_fish 'virt-profile re')" 'restore-host revert rewrite'
    is 'fish: what an option takes' "$(complete_fish 'virt-profile plan --phase=re')" '--phase=restore'
    is 'fish: a profile' "$(complete_fish 'virt-profile show s')" sql-db
    is 'fish: a domain' "$(complete_fish 'virt-profile clear d')" db1
    is 'fish: then a profile' "$(complete_fish 'virt-profile assign db1 des')" desktop-vdi
    is 'fish: a guest that runs' "$(complete_fish 'virt-profile status w')" www
    for command in $(cut -f 1 "$work/table" | grep -v '^-' | uniq); do
        is "fish: every option of '$command'" "$(complete_fish "virt-profile $command --")" "$(table_of "$command")"
    done
fi

if command -v zsh >/dev/null; then
    # zsh completes only in its line editor, so it gets a terminal of its own; what it lists is between two marks.
    cat >"$work/zshrc" <<ZSH
fpath=('$srcdir/packaging/completions' \$fpath)
autoload -Uz compinit && compinit -u -d '$work/zcompdump'
zstyle ':completion:*' list-separator '  '
bindkey '^X' complete-word
LISTMAX=10000
PROMPT='> '
unsetopt menu_complete auto_menu
setopt list_ambiguous no_beep
ZSH
    complete_zsh() { # command line, seconds to wait
        zsh -f <<ZSH 2>&1 | tr -d '\r'
zmodload zsh/zpty
zpty z 'HOME=$work ZDOTDIR=$work TERM=dumb zsh -f -i'
zpty -w z 'source $work/zshrc; print -r -- READY'
zpty -m z a '*READY*READY*' 2>/dev/null || zpty -r z a '*READY*'
zpty -n -w z '$1'\$'\t'
sleep $2
zpty -n -w z \$'\x05#\n'
zpty -w z 'print -r -- FIN'
zpty -r -m z b '*FIN*'
print -r -- "\$b"
zpty -d z
ZSH
    }
    zsh_has() { # what, command line, pattern
        local seconds said
        for seconds in 1 3 9; do
            said=$(complete_zsh "$2" "$seconds")
            grep -Eq -- "$3" <<<"$said" && break
        done
        has "$1" "$said" "$3"
    }
    zsh_has 'zsh: a command' 'virt-profile ass' 'assign'
    zsh_has 'zsh: a guest that runs' 'virt-profile status w' 'www'
    zsh_has 'zsh: a profile' 'virt-profile show sq' 'sql-db'
fi
done_testing
