/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt.h"

#include <dlfcn.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "size.h"
#include "strbuf.h"

#define SONAME "libvirt.so.0"

/* Every function that is used, all of libvirt 3.7 or older. */
#define FUNCTIONS(F)                                                                                         \
    F(virConnectClose)                                                                                       \
    F(virConnectListAllDomains)                                                                              \
    F(virConnectOpenAuth)                                                                                    \
    F(virDomainDefineXMLFlags)                                                                               \
    F(virDomainFree)                                                                                         \
    F(virDomainGetName)                                                                                      \
    F(virDomainGetUUIDString)                                                                                \
    F(virDomainGetXMLDesc)                                                                                   \
    F(virDomainHasManagedSaveImage)                                                                          \
    F(virDomainIsActive)                                                                                     \
    F(virDomainIsPersistent)                                                                                 \
    F(virDomainLookupByID)                                                                                   \
    F(virDomainLookupByName)                                                                                 \
    F(virDomainLookupByUUIDString)                                                                           \
    F(virDomainManagedSaveGetXMLDesc)                                                                        \
    F(virGetLastError)                                                                                       \
    F(virSetErrorFunc)

struct api {
    void *library; /* never closed: libvirt has threads */
    virConnectAuthPtr auth;
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

struct vp_conn {
    struct api api;
    virConnectPtr connection;
};

struct vp_guest {
    const struct vp_conn *conn;
    virDomainPtr domain;
    char uuid[VIR_UUID_STRING_BUFLEN];
};

static void silent(void *cookie, virErrorPtr error)
{
    (void)cookie;
    (void)error;
}

static int find_symbol(void *library, const char *name, void **ret_symbol, struct vp_error **err)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL)
        return vp_fail(err, ENOSYS, "the library " SONAME " is too old: it has no %s()", name);
    *ret_symbol = symbol;
    return 0;
}

static int load_api(struct api *ret_api, struct vp_error **err)
{
    struct api api = {.library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL)};
    void *symbol = NULL;
    int r;

    if (api.library == NULL)
        return vp_fail(err, ENOSYS, "cannot load libvirt, which this command needs: %s", dlerror());
#define FIND(name)                                                                                           \
    r = find_symbol(api.library, #name, &symbol, err);                                                       \
    if (r < 0)                                                                                               \
        return r;                                                                                            \
    memcpy(&api.name, &symbol, sizeof(symbol));
    FUNCTIONS(FIND)
#undef FIND
    r = find_symbol(api.library, "virConnectAuthPtrDefault", &symbol, err);
    if (r < 0)
        return r;
    memcpy(&api.auth, symbol, sizeof(api.auth));
    api.virSetErrorFunc(NULL, silent);
    *ret_api = api;
    return 0;
}

/* libvirt's message on one line: those of its schema check have several. */
static char *last_message(const struct api *api, int *ret_code)
{
    const virError *error = api->virGetLastError();
    struct vp_strbuf buf = {0};
    vp_autofree char *text =
        vp_strdup(error != NULL && error->message != NULL ? error->message : "no reason given");
    char *rest = NULL;

    *ret_code = error != NULL && error->code == VIR_ERR_NO_DOMAIN ? ENOENT : EIO;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        vp_strbuf_join(&buf, "; ", line);
    return vp_strbuf_take(&buf);
}

static int refuse(const struct vp_guest *guest, const char *what, struct vp_error **err)
{
    int code;
    vp_autofree char *message = last_message(&guest->conn->api, &code);

    return vp_fail(err, code, "cannot %s of domain '%s': libvirt says: %s", what, vp_guest_name(guest),
                   message);
}

int vp_conn_open(const char *uri, struct vp_conn **ret_conn, struct vp_error **err)
{
    vp_autoconn conn = vp_alloc(1, sizeof(*conn));
    int r = load_api(&conn->api, err);

    if (r < 0)
        return r;
    conn->connection = conn->api.virConnectOpenAuth(uri, conn->api.auth, 0);
    if (conn->connection == NULL) {
        int code;
        vp_autofree char *message = last_message(&conn->api, &code);
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

/* Takes over the domain. */
static int new_guest(const struct vp_conn *conn, virDomainPtr domain, struct vp_guest **ret_guest,
                     struct vp_error **err)
{
    vp_autoguest guest = vp_alloc(1, sizeof(*guest));

    guest->conn = conn;
    guest->domain = domain;
    if (conn->api.virDomainGetUUIDString(domain, guest->uuid) < 0)
        return refuse(guest, "read the UUID", err);
    *ret_guest = vp_take(&guest);
    return 0;
}

int vp_guest_find(struct vp_conn *conn, const char *who, struct vp_guest **ret_guest, struct vp_error **err)
{
    const struct api *api = &conn->api;
    virDomainPtr domain = NULL;
    uint64_t id;
    int code;

    if (vp_u64_parse(who, 0, INT32_MAX, &id) == 0)
        domain = api->virDomainLookupByID(conn->connection, (int)id);
    if (domain == NULL && strlen(who) == VIR_UUID_STRING_BUFLEN - 1)
        domain = api->virDomainLookupByUUIDString(conn->connection, who);
    if (domain == NULL)
        domain = api->virDomainLookupByName(conn->connection, who);
    if (domain == NULL) {
        vp_autofree char *message = last_message(api, &code);
        if (code == ENOENT)
            return vp_fail(err, ENOENT, "there is no domain '%s'", who);
        return vp_fail(err, code, "cannot find domain '%s': libvirt says: %s", who, message);
    }
    return new_guest(conn, domain, ret_guest, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(vp_guest_name(*(struct vp_guest *const *)a), vp_guest_name(*(struct vp_guest *const *)b));
}

int vp_guest_list(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err)
{
    const struct api *api = &conn->api;
    virDomainPtr *domains = NULL;
    int n = api->virConnectListAllDomains(conn->connection, &domains, VIR_CONNECT_LIST_DOMAINS_PERSISTENT);
    int r = 0;

    if (n < 0) {
        int code;
        vp_autofree char *message = last_message(api, &code);
        return vp_fail(err, code, "cannot list the domains: libvirt says: %s", message);
    }
    VP_CLEANUP(vp_guests_free_ptr) struct vp_guest **guests = vp_alloc((size_t)n + 1, sizeof(*guests));
    for (int i = 0; i < n; i++) {
        if (r < 0)
            (void)api->virDomainFree(domains[i]);
        else
            r = new_guest(conn, domains[i], &guests[i], err);
    }
    free(domains);
    if (r < 0)
        return r;
    qsort(guests, (size_t)n, sizeof(*guests), by_name);
    *ret_guests = vp_take(&guests);
    return 0;
}

void vp_guest_free(struct vp_guest *guest)
{
    if (guest == NULL)
        return;
    (void)guest->conn->api.virDomainFree(guest->domain);
    free(guest);
}

void vp_guests_free(struct vp_guest **guests)
{
    for (size_t i = 0; guests != NULL && guests[i] != NULL; i++)
        vp_guest_free(guests[i]);
    free(guests);
}

const char *vp_guest_name(const struct vp_guest *guest)
{
    const char *name = guest->conn->api.virDomainGetName(guest->domain);

    return name != NULL ? name : "";
}

const char *vp_guest_uuid(const struct vp_guest *guest)
{
    return guest->uuid;
}

static int read_stored(const struct vp_guest *guest, unsigned flags, char **ret_xml, struct vp_error **err)
{
    const struct api *api = &guest->conn->api;
    int persistent = api->virDomainIsPersistent(guest->domain);
    char *xml;

    if (persistent < 0)
        return refuse(guest, "read the state", err);
    if (persistent == 0)
        return vp_fail(
            err, ENOTSUP,
            "domain '%s' is transient: it has no stored definition; rewrite the file it is created from",
            vp_guest_name(guest));
    xml = api->virDomainGetXMLDesc(guest->domain, VIR_DOMAIN_XML_INACTIVE | flags);
    if (xml == NULL)
        return refuse(guest, "read the definition", err);
    *ret_xml = xml;
    return 0;
}

int vp_guest_read(const struct vp_guest *guest, char **ret_xml, struct vp_error **err)
{
    return read_stored(guest, VIR_DOMAIN_XML_SECURE, ret_xml, err);
}

int vp_guest_peek(const struct vp_guest *guest, char **ret_xml, struct vp_error **err)
{
    return read_stored(guest, 0, ret_xml, err);
}

int vp_guest_read_live(const struct vp_guest *guest, enum vp_guest_state *ret_state, char **ret_xml,
                       struct vp_error **err)
{
    const struct api *api = &guest->conn->api;
    int active = api->virDomainIsActive(guest->domain);
    int saved = active == 0 ? api->virDomainHasManagedSaveImage(guest->domain, 0) : 0;
    enum vp_guest_state state = VP_GUEST_OFF;
    char *xml = NULL;

    if (active < 0)
        return refuse(guest, "read the state", err);
    if (active > 0) {
        state = VP_GUEST_RUNNING;
        xml = api->virDomainGetXMLDesc(guest->domain, 0);
    } else if (saved > 0) {
        state = VP_GUEST_SAVED;
        xml = api->virDomainManagedSaveGetXMLDesc(guest->domain, 0);
    }
    if (state != VP_GUEST_OFF && xml == NULL)
        return refuse(guest, "read the live definition", err);
    *ret_state = state;
    *ret_xml = xml;
    return 0;
}

int vp_guest_define(const struct vp_guest *guest, const char *xml, struct vp_error **err)
{
    const struct api *api = &guest->conn->api;
    virDomainPtr domain =
        api->virDomainDefineXMLFlags(guest->conn->connection, xml, VIR_DOMAIN_DEFINE_VALIDATE);

    if (domain == NULL)
        return refuse(guest, "store the definition", err);
    (void)api->virDomainFree(domain);
    return 0;
}
