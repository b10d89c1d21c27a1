/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include "strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const dirs[] = {"/etc/profiles", "/usr/profiles", NULL};

static const char *message(const struct vp_error *err)
{
    return err != NULL ? err->message : "no message";
}

void fake_open(struct fake *fake)
{
    const char *tmp = getenv("TMPDIR");
    vp_autoerror err = NULL;
    *fake = (struct fake){.folder = vp_asprintf("%s/vp-fake-XXXXXX", tmp != NULL ? tmp : "/tmp")};
    ck_assert_ptr_nonnull(mkdtemp(fake->folder));
    ck_assert_msg(vp_root_open(fake->folder, &fake->root, &err) == 0, "%s", message(err));
    ck_assert_msg(vp_host_open("synthetic:numa:1 core:4 pu:1", fake->root, &fake->host, &err) == 0, "%s",
                  message(err));
    fake->engine = (struct vp_engine){
        .registry = &fake_registry,
        .profiles = {.root = fake->root, .dirs = dirs},
        .host = fake->host,
    };
    fake_profile(fake, "empty", "[profile]\nsummary = nothing\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void fake_close(struct fake *fake)
{
    if (fake->folder != NULL)
        ck_assert_int_eq(nftw(fake->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    vp_host_free(fake->host);
    vp_root_free(fake->root);
    free(fake->folder);
}

void fake_bytes(const struct fake *fake, const char *path, const char *text, size_t len)
{
    vp_autofree char *full = vp_asprintf("%s%s", fake->folder, path);
    for (char *slash = full + strlen(fake->folder) + 1; (slash = strchr(slash, '/')) != NULL;
         *slash++ = '/') {
        *slash = '\0';
        ck_assert_msg(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir '%s': %s", full, strerror(errno));
    }
    FILE *file = fopen(full, "we");
    ck_assert_msg(file != NULL, "write '%s': %s", full, strerror(errno));
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

void fake_file(const struct fake *fake, const char *path, const char *text)
{
    fake_bytes(fake, path, text, strlen(text));
}

void fake_profile(const struct fake *fake, const char *name, const char *text)
{
    vp_autofree char *path = vp_asprintf("/etc/profiles/%s.profile", name);
    fake_file(fake, path, text);
}

struct vp_domain *fake_domain(const char *text, const char *why)
{
    struct vp_domain *domain = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(vp_domain_parse(text, strlen(text), "the definition", &domain, &err) == 0, "%s: %s in:\n%s",
                  why, message(err), text);
    return domain;
}

char *fake_rewrite(const struct fake *fake, const struct vp_request *request, const char *text, bool *changed,
                   const char *why)
{
    char *out = NULL;
    size_t len = 0;
    vp_autoerror err = NULL;
    const int r =
        vp_engine_rewrite(&fake->engine, request, text, strlen(text), "the definition", &out, &len, &err);
    ck_assert_msg(r == 0, "%s: %s", why, message(err));
    if (changed != NULL)
        *changed = out != NULL;
    if (out != NULL)
        ck_assert_msg(strlen(out) == len, "%s: length", why);
    return out != NULL ? out : vp_strdup(text);
}

char *fake_assign(const struct fake *fake, const char *sets, const char *text, const char *why)
{
    vp_autofree char *copy = vp_strdup(sets);
    const char *list[16] = {NULL};
    size_t n = 0;
    for (char *at = copy; *at != '\0' && n + 1 < VP_ARRAY_SIZE(list);) {
        const size_t len = strcspn(at, "\n");
        const bool last = at[len] == '\0';
        at[len] = '\0';
        list[n++] = at;
        at += len + !last;
    }
    const struct vp_request request = {.profile = "empty", .sets = list, .drop_sets = true};
    return fake_rewrite(fake, &request, text, NULL, why);
}

char *fake_revert(const struct fake *fake, const char *text, const char *why)
{
    char *out = NULL;
    size_t len = 0;
    vp_autoerror err = NULL;
    const int r =
        vp_engine_revert(&fake->engine, text, strlen(text), "the definition", false, &out, &len, &err);
    ck_assert_msg(r == 0, "%s: %s", why, message(err));
    return out != NULL ? out : vp_strdup(text);
}

char *fake_pending(const struct fake *fake, enum vp_phase phase, const char *text, const char *why)
{
    vp_autodomain domain = fake_domain(text, why);
    vp_autodomain copy = vp_domain_copy(domain);
    const struct vp_request request = {.phase = phase};
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    VP_CLEANUP(vp_pending_done) struct vp_pending pending = {0};
    vp_autoerror err = NULL;
    ck_assert_msg(vp_engine_plan(&fake->engine, &request, copy, &result, &err) == 0, "%s: %s", why,
                  message(err));
    vp_engine_pending(&result, &fake_registry, domain, phase, &pending);
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < pending.n; i++)
        vp_strbuf_join(&buf, "\n", pending.items[i].text);
    return vp_strbuf_take(&buf);
}

void fake_same(const char *have, const char *want, const char *why)
{
    vp_autodomain a = fake_domain(have, why);
    vp_autodomain b = fake_domain(want, why);
    ck_assert_msg(vp_node_equal(a->root, b->root), "%s: have:\n%s\nwant:\n%s", why, have, want);
}

static void move_children(vp_doc *doc, const vp_node *from, vp_node *to)
{
    for (const vp_node *n = vp_node_first(from); n != NULL; n = vp_node_next(n))
        vp_node_append(to, vp_node_copy(doc, n));
}

char *fake_indent(const char *text)
{
    vp_autodomain domain = fake_domain(text, "to be indented");
    vp_autodomain out = fake_domain("<domain type='none'/>", "an empty definition"); /* single quotes */
    const char *name = NULL;
    const char *value = NULL;
    for (size_t i = 0; vp_node_attr_at(domain->root, i, &name, &value); i++)
        vp_node_set_attr(out->root, name, value);
    move_children(out->doc, domain->root, out->root);
    return vp_doc_format(out->doc, &(size_t){0});
}

char *fake_guest(const char *inner)
{
    vp_autofree char *text = vp_asprintf("<domain type='kvm'><name>guest</name>%s</domain>", inner);
    return fake_indent(text);
}
