/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "engine.h"
#include "knobs.h"
#include "place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* A folder with one profile that sets something of every kind. */
static const char profile[] =
    "[profile]\nsummary = for the fuzzer\n[cpu]\nshares = 4000\nmodel = host-passthrough\n"
    "[disk]\ncache = none\nio = native\nbus = virtio\n[memory]\nballoon = no\n"
    "[guest]\nrng = yes\nsound = no\n[network]\nmodel = virtio\nqueues = min(vcpus, 8)\n"
    "[clock]\nhpet = no\n";

static void put(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static char folder[] = "/tmp/vp-fuzz-XXXXXX";

static void remove_folder(void)
{
    vp_autofree char *path = vp_asprintf("%s/fuzz.profile", folder);
    must(unlink(path) == 0 && rmdir(folder) == 0);
}

static struct vp_engine *engine(void)
{
    static struct vp_engine made;
    static const char *const dirs[] = {"/", NULL};
    static struct vp_root *root;
    if (root != NULL)
        return &made;
    must(mkdtemp(folder) != NULL);
    vp_autofree char *path = vp_asprintf("%s/fuzz.profile", folder);
    put(path, profile);
    must(atexit(remove_folder) == 0);
    must(vp_root_open(folder, &root, NULL) == 0);
    made.registry = vp_registry_builtin();
    made.profiles = (struct vp_profile_dirs){.root = root, .dirs = dirs};
    must(vp_host_open("synthetic:numa:2 core:4 pu:2", root, &made.host, NULL) == 0);
    return &made;
}

/* Every element of ours has a name that finds it. */
static void check_places(vp_node *root, vp_node *node, unsigned depth)
{
    vp_autofree char *path = vp_place_format(node, NULL);
    struct vp_place place;
    if (depth > 0 && vp_place_resolve(root, path, &place) == 0)
        must(place.node == node || *place.rest != '\0' || vp_node_is(place.node, vp_node_name(node)));
    for (vp_node *n = vp_node_first(node); n != NULL && depth < 8; n = vp_node_next(n))
        check_places(root, n, depth + 1);
}

static void check_document(const char *text, size_t size)
{
    vp_autodomain domain = NULL;
    if (vp_domain_parse(text, size, "input", &domain, NULL) < 0)
        return;
    size_t len = 0;
    vp_autofree char *shown = vp_doc_format(domain->doc, &len);
    vp_autodomain again = NULL;
    must(strlen(shown) == len && vp_domain_parse(shown, len, "output", &again, NULL) == 0);
    must(vp_node_equal(domain->root, again->root));
    check_places(domain->root, domain->root, 0);
    (void)vp_domain_memory_kib(domain);
    (void)vp_domain_max_vcpus(domain);
    (void)vp_domain_is_windows(domain);
    (void)vp_domain_has_virtio_drivers(domain);
}

/* Text beside elements, which libvirt drops: no two ways of moving it are the same. */
static bool has_mixed_text(const vp_node *node)
{
    vp_autofree char *text = vp_node_text(node);
    bool mixed = vp_node_first(node) != NULL && *text != '\0';
    for (const vp_node *n = vp_node_first(node); n != NULL && !mixed; n = vp_node_next(n))
        mixed = has_mixed_text(n);
    return mixed;
}

static bool is_mixed(const char *text)
{
    vp_autodomain domain = NULL;
    must(vp_domain_parse(text, strlen(text), "output", &domain, NULL) == 0);
    return has_mixed_text(domain->root);
}

/* Owned; NULL when it did not work. */
static char *rewrite(const struct vp_request *request, const char *text, size_t size, bool *changed)
{
    char *out = NULL;
    size_t len = 0;
    vp_autoerror err = NULL;
    const int r = vp_engine_rewrite(engine(), request, text, size, "input", &out, &len, &err);
    must((r < 0) == (err != NULL) && (r == 0 || out == NULL));
    *changed = out != NULL;
    if (r < 0)
        return NULL;
    return out != NULL ? out : vp_strndup(text, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    check_document(text, size);
    bool changed = false;

    /* As it is, in every phase: a tag in the input may say anything. */
    for (int phase = 0; phase < VP_PHASE_N_; phase++) {
        const struct vp_request as_tagged = {.phase = (enum vp_phase)phase};
        vp_autofree char *out = rewrite(&as_tagged, text, size, &changed);
        (void)out;
    }
    char *reverted = NULL;
    size_t len = 0;
    if (vp_engine_revert(engine(), text, size, "input", false, &reverted, &len, NULL) == 0 &&
        reverted != NULL) {
        vp_autodomain domain = NULL;
        must(vp_domain_parse(reverted, len, "reverted", &domain, NULL) == 0);
    }
    free(reverted);

    const struct vp_request request = {.profile = "fuzz", .drop_sets = true};
    vp_autofree char *one = rewrite(&request, text, size, &changed);
    if (one == NULL)
        return 0;
    vp_autofree char *two = rewrite(&request, one, strlen(one), &changed);
    must(two != NULL && (!changed || is_mixed(two))); /* a fixed point */
    return 0;
}
