# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line, one file per subcommand.
bin_PROGRAMS += virt-profile
noinst_LIBRARIES += libvirt-profile-cli.a

# All but main(), so that tests can link it.
libvirt_profile_cli_a_SOURCES = \
	src/cli/cli.h src/cli/context.c \
	src/cli/commands.c \
	src/cli/doctor/doctor.h src/cli/doctor/doctor.c src/cli/doctor/hook.c src/cli/doctor/kernel.c src/cli/doctor/libvirt.c \
	src/cli/doctor/memory.c src/cli/doctor/processor.c src/cli/doctor/profiles.c src/cli/doctor/services.c src/cli/doctor/tuned.c \
	src/cli/change-print.h src/cli/change-print.c \
	src/cli/escape.h src/cli/escape.c \
	src/cli/fleet.h src/cli/fleet.c src/cli/fleet-json.c src/cli/fleet-read.c src/cli/fleet-sum.c \
	src/cli/front.h src/cli/front.c \
	src/cli/json.h src/cli/json.c \
	src/cli/map.h src/cli/map-svg.c src/cli/map-text.c \
	src/cli/livetune.h src/cli/livetune.c \
	src/cli/man.h src/cli/man.c \
	src/cli/openmetrics.h src/cli/openmetrics.c \
	src/cli/options.h src/cli/options.c \
	src/cli/placed.h src/cli/placed.c \
	src/cli/running.h src/cli/running.c \
	src/cli/status.h src/cli/status.c src/cli/status-print.c \
	src/cli/table.h src/cli/table.c \
	src/cli/tuning.h src/cli/tuning.c \
	src/cli/cmd-apply.c src/cli/cmd-assign.c src/cli/cmd-clear.c src/cli/cmd-diff.c src/cli/cmd-doctor.c \
	src/cli/cmd-knobs.c src/cli/cmd-kubevirt.c src/cli/cmd-list.c src/cli/cmd-map.c src/cli/cmd-metrics.c \
	src/cli/cmd-plan.c src/cli/cmd-restore-host.c src/cli/cmd-revert.c src/cli/cmd-rewrite.c src/cli/cmd-show.c \
	src/cli/cmd-simulate.c src/cli/cmd-start.c src/cli/cmd-status.c src/cli/cmd-validate.c \
	src/cli/cmd-vdsm-hook.c src/cli/cmd-verify.c
virt_profile_SOURCES = src/cli/main.c
virt_profile_LDADD = libvirt-profile-cli.a libvirt-profile-virt.a $(ENGINE_LIBS) $(SMARTCOLS_LIBS) $(DL_LIBS)
