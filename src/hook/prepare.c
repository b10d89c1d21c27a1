/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "hook.h"
#include "log.h"
#include "strbuf.h"

/* How many of the missing settings a message names. */
#define NAMED 5

/* What the operator reads in the error of `virsh start`, so one sentence with the remedy in it. */
static enum vp_hook_outcome refuse(const char *sentence)
{
    vp_log(VP_LOG_ERROR, "%s", sentence);
    (void)fprintf(stderr, "virt-profile: %s\n", sentence); /* no one is left to tell */
    return VP_HOOK_REFUSED;
}

static bool tag_refuses(const struct vp_domain *domain)
{
    struct vp_tag tag;
    return vp_tag_read(domain, &tag) && tag.enforce != NULL &&
           strcmp(tag.enforce, vp_enforce_names[VP_ENFORCE_REFUSE]) == 0;
}

/* The plan could not be made: the profile is missing or wrong. */
static enum vp_hook_outcome cannot_plan(const struct vp_hook_call *call, const char *why)
{
    if (!*call->refuse) {
        vp_log(VP_LOG_ERROR, "%s; the guest starts as its definition is", why);
        return VP_HOOK_FAILED;
    }
    vp_autofree char *sentence =
        vp_asprintf("%s; the start is refused as the domain asks for enforce=refuse, mend "
                    "the profile or run 'virt-profile clear %s'",
                    why, call->domain);
    return refuse(sentence);
}

static char *name_some(const struct vp_pending *pending)
{
    struct vp_strbuf buf = {0};
    const size_t n = pending->n;
    for (size_t i = 0; i < n && i < NAMED; i++)
        vp_strbuf_join(&buf, "; ", pending->items[i].text);
    if (n > NAMED)
        vp_strbuf_addf(&buf, "; and %zu more", n - NAMED);
    return vp_strbuf_take(&buf);
}

static enum vp_hook_outcome judge(const struct vp_hook_call *call, const struct vp_profile *profile,
                                  const struct vp_pending *pending)
{
    const size_t n = pending->n;
    if (n == 0)
        return VP_HOOK_DONE;
    vp_autofree char *some = name_some(pending);
    if (profile->enforce == VP_ENFORCE_REFUSE) {
        vp_autofree char *sentence = vp_asprintf(
            "domain '%s' is refused: %zu setting%s of profile '%s' %s missing from its definition (%s), "
            "run 'virt-profile apply %s' and start it again",
            call->domain, n, n == 1 ? "" : "s", profile->name, n == 1 ? "is" : "are", some, call->domain);
        return refuse(sentence);
    }
    vp_log(VP_LOG_WARNING,
           "domain '%s' starts with %zu setting%s of profile '%s' pending until its next cold start: "
           "%s; run 'virt-profile apply %s'",
           call->domain, n, n == 1 ? "" : "s", profile->name, some, call->domain);
    return VP_HOOK_DONE;
}

enum vp_hook_outcome vp_hook_prepare(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    vp_autoerror err = NULL;
    vp_autodomain domain = NULL;
    if (vp_domain_parse(call->text, call->len, "the definition from libvirt", &domain, &err) < 0)
        return cannot_plan(call, err->message);
    *call->refuse = tag_refuses(domain);

    const struct vp_request request = {.phase = op->phase};
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    if (vp_engine_plan(call->engine, &request, domain, &result, &err) < 0)
        return cannot_plan(call, err->message);
    if (result.profile == NULL)
        return VP_HOOK_DONE;
    *call->refuse = result.profile->enforce == VP_ENFORCE_REFUSE;

    VP_CLEANUP(vp_pending_done) struct vp_pending pending = {0};
    vp_engine_pending(&result, call->engine->registry, domain, op->phase, &pending);
    return judge(call, result.profile, &pending);
}
