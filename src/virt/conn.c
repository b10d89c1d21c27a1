/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conn.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "api.h"
#include "strbuf.h"

#define SONAME "libvirt.so.0"

static void silent(void *cookie, virErrorPtr error)
{
    (void)cookie;
    (void)error;
}

int vp_virt_symbol(const struct vp_virt_api *api, const char *name, void **ret_symbol, struct vp_error **err)
{
    void *symbol = dlsym(api->library, name);

    if (symbol == NULL)
        return vp_fail(err, ENOSYS, "the library " SONAME " is too old: it has no %s()", name);
    *ret_symbol = symbol;
    return 0;
}

int vp_virt_load(struct vp_virt_api *ret_api, struct vp_error **err)
{
    struct vp_virt_api api = {.library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL)};
    void *symbol = NULL;
    int r;

    if (api.library == NULL)
        return vp_fail(err, ENOSYS, "cannot load libvirt, which this command needs: %s", dlerror());
#define FIND(name)                                                                                           \
    r = vp_virt_symbol(&api, #name, &symbol, err);                                                           \
    if (r < 0)                                                                                               \
        return r;                                                                                            \
    memcpy(&api.name, &symbol, sizeof(symbol));
    FUNCTIONS(FIND)
#undef FIND
    r = vp_virt_symbol(&api, "virConnectAuthPtrDefault", &symbol, err);
    if (r < 0)
        return r;
    memcpy(&api.auth, symbol, sizeof(api.auth));
    api.virSetErrorFunc(NULL, silent);
    *ret_api = api;
    return 0;
}

/* libvirt's message on one line: those of its schema check have several. */
char *vp_virt_message(const struct vp_virt_api *api, int *ret_code)
{
    const virError *error = api->virGetLastError();
    struct vp_strbuf buf = {0};
    vp_autofree char *text =
        vp_strdup(error != NULL && error->message != NULL ? error->message : "no reason given");
    char *rest = NULL;

    *ret_code = error == NULL                              ? EIO
                : error->code == VIR_ERR_NO_DOMAIN         ? ENOENT
                : error->code == VIR_ERR_OPERATION_TIMEOUT ? EBUSY
                                                           : EIO;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        vp_strbuf_join(&buf, "; ", line);
    return vp_strbuf_take(&buf);
}

int vp_conn_open(const char *uri, struct vp_conn **ret_conn, struct vp_error **err)
{
    vp_autoconn conn = vp_alloc(1, sizeof(*conn));
    int r = vp_virt_load(&conn->api, err);

    if (r < 0)
        return r;
    conn->connection = conn->api.virConnectOpenAuth(uri, conn->api.auth, 0);
    if (conn->connection == NULL) {
        int code;
        vp_autofree char *message = vp_virt_message(&conn->api, &code);
        return vp_fail(err, EIO, "cannot connect to libvirt%s%s%s: %s", uri ? " at '" : "", uri ? uri : "",
                       uri ? "'" : "", message);
    }
    *ret_conn = vp_take(&conn);
    return 0;
}

void vp_conn_close(struct vp_conn *conn)
{
    if (conn == NULL)
        return;
    if (conn->connection != NULL)
        (void)conn->api.virConnectClose(conn->connection);
    free(conn);
}
