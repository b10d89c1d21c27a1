/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine.h"
#include "test.h"

/*
 * Knobs of the tests' own. Six of them take a script of what to plan, so that a table of scripts can try the
 * engine without the real knobs: "guest.do", "guest.more", "launch.do", "launch.more", "live.do",
 * "live.more". A script is commands joined by '|':
 *
 *     attr PATH VALUE    text PATH VALUE    element PATH XML    readdress PATH
 *     skip REASON    warn REASON    fail REASON
 *
 * VALUE "-" removes; one "[*]" in PATH stands for each element of that name. The others have a type each and
 * plan the text of an element cputune/TYPE: "v.bool", "v.choice", "v.list", "v.count" (1 to 64), "v.size"
 * (4K to 1G), "v.text" (one letter).
 */
extern const struct vp_registry fake_registry;

/* A folder that stands for a host, with profiles of its own, and an engine that looks there. */
struct fake {
    char *folder;
    struct vp_root *root;
    struct vp_host *host;
    struct vp_engine engine;
};

/* With one profile, "empty", that sets nothing. Looks for profiles in /etc/profiles, then /usr/profiles. */
void fake_open(struct fake *fake);
void fake_close(struct fake *fake); /* and remove the folder */
#define FAKE VP_CLEANUP(fake_close) struct fake

/* Write a file below the folder, its folders made. */
void fake_file(const struct fake *fake, const char *path, const char *text);
void fake_bytes(const struct fake *fake, const char *path, const char *text, size_t len);
/* Write /etc/profiles/NAME.profile. */
void fake_profile(const struct fake *fake, const char *name, const char *text);

/*
 * Rewrite or revert; must work. The text is owned; a copy of the input when nothing changed. `changed` may
 * be NULL. `why` is put in front of the message when it does not.
 */
char *fake_rewrite(const struct fake *fake, const struct vp_request *request, const char *text, bool *changed,
                   const char *why);
/* Rewrite with profile "empty" and sets joined by '\n', overrides of before dropped. */
char *fake_assign(const struct fake *fake, const char *sets, const char *text, const char *why);
char *fake_revert(const struct fake *fake, const char *text, const char *why);
/* Lines of vp_engine_pending(), joined by "\n". Owned. */
char *fake_pending(const struct fake *fake, enum vp_phase phase, const char *text, const char *why);

/*
 * What libvirt does to a definition that it stores: sorts siblings and attributes, completes devices.
 * Owned.
 */
char *fake_store(const char *text);

/* Must parse. Owned. */
struct vp_domain *fake_domain(const char *text, const char *why);
/* Fails unless both are the same but for order and white space. */
void fake_same(const char *have, const char *want, const char *why);
/* "<domain type='kvm'><name>guest</name>" … "</domain>", indented as libvirt prints it. Owned. */
char *fake_guest(const char *inner);
/* The definition as libvirt would indent it. Owned. */
char *fake_indent(const char *text);
