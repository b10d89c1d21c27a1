/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtguest.h"

#include <errno.h>
#include <string.h>

#include "api.h"
#include "size.h"

int vp_virt_refuse(const struct vp_guest *guest, const char *what, struct vp_error **err)
{
    int code;
    vp_autofree char *message = vp_virt_message(&guest->conn->api, &code);

    return vp_fail(err, code, "cannot %s of domain '%s': libvirt says: %s", what, vp_guest_name(guest),
                   message);
}

/* Takes over the domain. */
static int new_guest(const struct vp_conn *conn, virDomainPtr domain, struct vp_guest **ret_guest,
                     struct vp_error **err)
{
    vp_autoguest guest = vp_alloc(1, sizeof(*guest));

    guest->conn = conn;
    guest->domain = domain;
    if (conn->api.virDomainGetUUIDString(domain, guest->uuid) < 0)
        return vp_virt_refuse(guest, "read the UUID", err);
    *ret_guest = vp_take(&guest);
    return 0;
}

int vp_guest_find(struct vp_conn *conn, const char *who, struct vp_guest **ret_guest, struct vp_error **err)
{
    const struct vp_virt_api *api = &conn->api;
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
        vp_autofree char *message = vp_virt_message(api, &code);
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

static int list(struct vp_conn *conn, unsigned flags, struct vp_guest ***ret_guests, struct vp_error **err)
{
    const struct vp_virt_api *api = &conn->api;
    virDomainPtr *domains = NULL;
    int n = api->virConnectListAllDomains(conn->connection, &domains, flags);
    int r = 0;

    if (n < 0) {
        int code;
        vp_autofree char *message = vp_virt_message(api, &code);
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

int vp_guest_list(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err)
{
    return list(conn, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, ret_guests, err);
}

int vp_guest_running(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err)
{
    return list(conn, VIR_CONNECT_LIST_DOMAINS_ACTIVE, ret_guests, err);
}

int vp_guest_off(struct vp_conn *conn, struct vp_guest ***ret_guests, struct vp_error **err)
{
    return list(conn, VIR_CONNECT_LIST_DOMAINS_INACTIVE, ret_guests, err);
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

bool vp_guest_is_busy(const struct vp_guest *guest)
{
    virDomainControlInfo info = {.state = VIR_DOMAIN_CONTROL_OK};

    return guest->conn->api.virDomainGetControlInfo(guest->domain, &info, 0) == 0 &&
           info.state != VIR_DOMAIN_CONTROL_OK;
}

static int read_stored(const struct vp_guest *guest, unsigned flags, char **ret_xml, struct vp_error **err)
{
    const struct vp_virt_api *api = &guest->conn->api;
    int persistent = api->virDomainIsPersistent(guest->domain);
    char *xml;

    if (persistent < 0)
        return vp_virt_refuse(guest, "read the state", err);
    if (persistent == 0)
        return vp_fail(
            err, ENOTSUP,
            "domain '%s' is transient: it has no stored definition; rewrite the file it is created from",
            vp_guest_name(guest));
    xml = api->virDomainGetXMLDesc(guest->domain, VIR_DOMAIN_XML_INACTIVE | flags);
    if (xml == NULL)
        return vp_virt_refuse(guest, "read the definition", err);
    *ret_xml = xml;
    return 0;
}

int vp_guest_glance(const struct vp_guest *guest, char **ret_xml, struct vp_error **err)
{
    const unsigned flags = VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE;
    char *xml = guest->conn->api.virDomainGetXMLDesc(guest->domain, flags);

    if (xml == NULL)
        return vp_virt_refuse(guest, "read the definition", err);
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
    const struct vp_virt_api *api = &guest->conn->api;
    int active = api->virDomainIsActive(guest->domain);
    int saved = active == 0 ? api->virDomainHasManagedSaveImage(guest->domain, 0) : 0;
    enum vp_guest_state state = VP_GUEST_OFF;
    char *xml = NULL;

    if (active < 0)
        return vp_virt_refuse(guest, "read the state", err);
    if (active > 0) {
        state = VP_GUEST_RUNNING;
        xml = api->virDomainGetXMLDesc(guest->domain, 0);
    } else if (saved > 0) {
        state = VP_GUEST_SAVED;
        xml = api->virDomainManagedSaveGetXMLDesc(guest->domain, 0);
    }
    if (state != VP_GUEST_OFF && xml == NULL)
        return vp_virt_refuse(guest, "read the live definition", err);
    *ret_state = state;
    *ret_xml = xml;
    return 0;
}

int vp_guest_define(const struct vp_guest *guest, const char *xml, bool check, struct vp_error **err)
{
    const struct vp_virt_api *api = &guest->conn->api;
    virDomainPtr domain =
        api->virDomainDefineXMLFlags(guest->conn->connection, xml, check ? VIR_DOMAIN_DEFINE_VALIDATE : 0);

    if (domain == NULL)
        return vp_virt_refuse(guest, "store the definition", err);
    (void)api->virDomainFree(domain);
    return 0;
}

/* "cannot start domain 'NAME': libvirt says: …" */
static int refuse_to(const struct vp_guest *guest, const char *what, struct vp_error **err)
{
    int code;
    vp_autofree char *message = vp_virt_message(&guest->conn->api, &code);

    return vp_fail(err, code, "cannot %s domain '%s': libvirt says: %s", what, vp_guest_name(guest), message);
}

int vp_guest_start_paused(const struct vp_guest *guest, struct vp_error **err)
{
    const int rc = guest->conn->api.virDomainCreateWithFlags(guest->domain, VIR_DOMAIN_START_PAUSED);

    return rc < 0 ? refuse_to(guest, "start", err) : 0;
}

int vp_guest_resume(const struct vp_guest *guest, struct vp_error **err)
{
    return guest->conn->api.virDomainResume(guest->domain) < 0 ? refuse_to(guest, "resume", err) : 0;
}

int vp_guest_destroy(const struct vp_guest *guest, struct vp_error **err)
{
    return guest->conn->api.virDomainDestroy(guest->domain) < 0 ? refuse_to(guest, "end", err) : 0;
}
