# SPDX-License-Identifier: LGPL-2.1-or-later
# Where the shells look by themselves; configure knows the folder of zsh.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = packaging/completions/virt-profile.bash
dist_zshcompletion_DATA = packaging/completions/_virt-profile
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = packaging/completions/virt-profile.fish
