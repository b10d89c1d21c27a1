/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events.h"

#include <errno.h>
#include <string.h>

#include "api.h"
#include "tag.h"
#include "text.h"

/* All of libvirt 1.2.19 or older. Apart from the table of api.h: only the daemon needs them. */
#define EVENT_FUNCTIONS(F)                                                                                   \
    F(virConnectDomainEventDeregisterAny)                                                                    \
    F(virConnectDomainEventRegisterAny)                                                                      \
    F(virConnectRegisterCloseCallback)                                                                       \
    F(virConnectSetKeepAlive)                                                                                \
    F(virConnectUnregisterCloseCallback)                                                                     \
    F(virEventAddHandle)                                                                                     \
    F(virEventAddTimeout)                                                                                    \
    F(virEventRegisterDefaultImpl)                                                                           \
    F(virEventRemoveHandle)                                                                                  \
    F(virEventRemoveTimeout)                                                                                 \
    F(virEventRunDefaultImpl)                                                                                \
    F(virEventUpdateTimeout)

/* A libvirtd that hangs is noticed after five times this, in seconds. */
#define KEEPALIVE_INTERVAL 60
#define KEEPALIVE_COUNT 5

struct watch {
    int number; /* libvirt's */
    void (*ready)(void *cookie, int fd);
    void *cookie;
};

#define REGISTRATIONS 5

struct vp_loop {
    struct vp_virt_api api;
#define MEMBER(name) __typeof__(name) *name;
    EVENT_FUNCTIONS(MEMBER)
#undef MEMBER
    int timer;
    struct watch **watches;
    size_t n_watches, cap_watches;
    struct vp_conn *conn; /* NULL: nobody listens */
    const struct vp_listener *listener;
    int registered[REGISTRATIONS]; /* libvirt's numbers */
    size_t n_registered;
};

static int refuse(const struct vp_loop *loop, const char *what, struct vp_error **err)
{
    int code;
    vp_autofree char *message = vp_virt_message(&loop->api, &code);

    return vp_fail(err, EIO, "cannot %s: libvirt says: %s", what, message);
}

static int load(struct vp_loop *loop, struct vp_error **err)
{
    void *symbol = NULL;
    int r = vp_virt_load(&loop->api, err);

#define FIND(name)                                                                                           \
    if (r == 0)                                                                                              \
        r = vp_virt_symbol(&loop->api, #name, &symbol, err);                                                 \
    if (r == 0)                                                                                              \
        memcpy(&loop->name, &symbol, sizeof(symbol));
    EVENT_FUNCTIONS(FIND)
#undef FIND
    return r;
}

/* It has served its purpose: the turn ends. */
static void time_up(int timer, void *opaque)
{
    const struct vp_loop *loop = opaque;
    loop->virEventUpdateTimeout(timer, -1);
}

int vp_loop_new(struct vp_loop **ret_loop, struct vp_error **err)
{
    struct vp_loop *loop = vp_alloc(1, sizeof(*loop));
    int r = load(loop, err);

    if (r == 0 && loop->virEventRegisterDefaultImpl() < 0)
        r = refuse(loop, "make an event loop", err);
    if (r == 0) {
        loop->timer = loop->virEventAddTimeout(-1, time_up, loop, NULL);
        if (loop->timer < 0)
            r = refuse(loop, "make a timer", err);
    }
    if (r < 0) {
        free(loop);
        return r;
    }
    *ret_loop = loop;
    return 0;
}

void vp_loop_free(struct vp_loop *loop)
{
    if (loop == NULL)
        return;
    vp_loop_forget(loop);
    for (size_t i = 0; i < loop->n_watches; i++) {
        (void)loop->virEventRemoveHandle(loop->watches[i]->number);
        free(loop->watches[i]);
    }
    free(loop->watches);
    (void)loop->virEventRemoveTimeout(loop->timer);
    free(loop);
}

static void can_read(int number, int fd, int events, void *opaque)
{
    const struct watch *watch = opaque;

    (void)number;
    (void)events;
    watch->ready(watch->cookie, fd);
}

int vp_loop_watch(struct vp_loop *loop, int fd, void (*ready)(void *cookie, int fd), void *cookie,
                  struct vp_error **err)
{
    struct watch *watch = vp_alloc(1, sizeof(*watch));

    *watch = (struct watch){.ready = ready, .cookie = cookie};
    watch->number = loop->virEventAddHandle(fd, VIR_EVENT_HANDLE_READABLE, can_read, watch, NULL);
    if (watch->number < 0) {
        free(watch);
        return refuse(loop, "watch a descriptor", err);
    }
    vp_grow(&loop->watches, loop->n_watches, &loop->cap_watches, sizeof(loop->watches[0]));
    loop->watches[loop->n_watches++] = watch;
    return 0;
}

int vp_loop_turn(struct vp_loop *loop, int64_t milliseconds, struct vp_error **err)
{
    loop->virEventUpdateTimeout(loop->timer, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
    if (loop->virEventRunDefaultImpl() < 0)
        return refuse(loop, "wait for events", err);
    return 0;
}

static void tell(const struct vp_loop *loop, virDomainPtr domain, enum vp_event_kind kind)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    const char *name = loop->api.virDomainGetName(domain);

    if (loop->listener == NULL || loop->api.virDomainGetUUIDString(domain, uuid) < 0)
        return;
    const struct vp_event event = {.kind = kind, .uuid = uuid, .name = name != NULL ? name : ""};
    loop->listener->event(loop->listener->cookie, &event);
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *opaque)
{
    (void)conn;
    if (event == VIR_DOMAIN_EVENT_DEFINED)
        tell(opaque, domain, VP_EVENT_DEFINED);
    else if (event == VIR_DOMAIN_EVENT_UNDEFINED && detail != VIR_DOMAIN_EVENT_UNDEFINED_RENAMED)
        tell(opaque, domain, VP_EVENT_UNDEFINED);
    else if (event == VIR_DOMAIN_EVENT_STARTED ||
             (event == VIR_DOMAIN_EVENT_RESUMED && detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED))
        tell(opaque, domain, VP_EVENT_STARTED);
    else if (event == VIR_DOMAIN_EVENT_STOPPED)
        tell(opaque, domain, VP_EVENT_STOPPED);
    return 0;
}

static void on_metadata(virConnectPtr conn, virDomainPtr domain, int type, const char *nsuri, void *opaque)
{
    (void)conn;
    if (type == VIR_DOMAIN_METADATA_TITLE ||
        (type == VIR_DOMAIN_METADATA_ELEMENT && vp_same(nsuri, VP_TAG_NS)))
        tell(opaque, domain, VP_EVENT_METADATA);
}

static void on_device(virConnectPtr conn, virDomainPtr domain, const char *alias, void *opaque)
{
    (void)conn;
    (void)alias;
    tell(opaque, domain, VP_EVENT_DEVICES);
}

/* Of a disk by its target; a job that has ended may leave the guest on another image. */
static void on_block_job(virConnectPtr conn, virDomainPtr domain, const char *disk, int type, int status,
                         void *opaque)
{
    (void)conn;
    (void)disk;
    (void)type;
    if (status == VIR_DOMAIN_BLOCK_JOB_COMPLETED)
        tell(opaque, domain, VP_EVENT_DEVICES);
}

static void on_closed(virConnectPtr conn, int reason, void *opaque)
{
    static const char *const reasons[] = {
        [VIR_CONNECT_CLOSE_REASON_ERROR] = "an error of the connection",
        [VIR_CONNECT_CLOSE_REASON_EOF] = "libvirt has ended it",
        [VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = "libvirt does not answer any more",
        [VIR_CONNECT_CLOSE_REASON_CLIENT] = "it was closed here",
    };
    const struct vp_loop *loop = opaque;
    const bool known = reason >= 0 && (size_t)reason < VP_ARRAY_SIZE(reasons);

    (void)conn;
    if (loop->listener != NULL)
        loop->listener->closed(loop->listener->cookie, known ? reasons[reason] : "no reason given");
}

int vp_loop_listen(struct vp_loop *loop, struct vp_conn *conn, const struct vp_listener *listener,
                   struct vp_error **err)
{
    static const struct {
        int id;
        virConnectDomainEventGenericCallback callback;
    } rows[REGISTRATIONS] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
        {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
        {VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, VIR_DOMAIN_EVENT_CALLBACK(on_block_job)},
    };

    loop->conn = conn;
    loop->listener = listener;
    if (loop->virConnectRegisterCloseCallback(conn->connection, on_closed, loop, NULL) < 0) {
        loop->conn = NULL;
        loop->listener = NULL;
        return refuse(loop, "watch the connection", err);
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        const int number = loop->virConnectDomainEventRegisterAny(conn->connection, NULL, rows[i].id,
                                                                  rows[i].callback, loop, NULL);
        if (number < 0) {
            const int r = refuse(loop, "listen to the domains", err);
            vp_loop_forget(loop);
            return r;
        }
        loop->registered[loop->n_registered++] = number;
    }
    /* A driver that has no remote side needs none, and says so. */
    (void)loop->virConnectSetKeepAlive(conn->connection, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
    return 0;
}

void vp_loop_forget(struct vp_loop *loop)
{
    if (loop->conn == NULL)
        return;
    for (size_t i = 0; i < loop->n_registered; i++)
        (void)loop->virConnectDomainEventDeregisterAny(loop->conn->connection, loop->registered[i]);
    (void)loop->virConnectUnregisterCloseCallback(loop->conn->connection, on_closed);
    loop->n_registered = 0;
    loop->conn = NULL;
    loop->listener = NULL;
}
