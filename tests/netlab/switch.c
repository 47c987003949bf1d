/*
 * switch.c - the wire of the network lab: one process that joins network
 * namespaces and treats what passes badly, as it is told.
 *
 * usage: switch SOCKET SEED NETNS...
 *
 * In each namespace (a path, at most 16) it makes a TUN interface "lab0" with
 * the address 10.77.0.N/24, N from 1 in the order given, and brings that and
 * the loopback up. An IPv4 packet that one namespace sends to another's address
 * is delivered there; every other packet is dropped, so nothing leaves the lab.
 *
 * SOCKET is a Unix SOCK_SEQPACKET socket, bound when the lab is ready. A
 * message is a command, and each is answered by one message:
 *
 *   link FROM TO [up=0|1] [delay=US] [jitter=US] [loss=PPM] [dup=PPM]
 *                [reorder=PPM]
 *       one direction; FROM and TO count from 0, or are * for all. What is
 *       not named keeps its value. At first a link is up and perfect.
 *   stats
 *       "sent N lost N duplicated N reordered N overflowed N refused N"
 *
 * delay and jitter are up to 10 s. A packet is late by delay and a random part
 * of jitter, but overtakes nothing unless it is chosen to be reordered: then
 * the packets behind it on the link overtake it for up to 20 ms. What has
 * left is delivered even if the link goes down meanwhile. A link holds 1,024
 * packets, those above are dropped. Random choices follow from SEED.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NODES_MAX 16
#define PACKET_MAX 1500
#define LINK_PACKETS 1024
#define SHARE 64 /* packets of one node before the others get their turn */
#define MILLION 1000000u
#define PAUSE_MAX_US 10000000u
#define REORDER_US 20000u
#define NETWORK 0x0a4d0000u /* 10.77.0.0 */

struct wire {
    bool up;
    uint32_t delay_us, jitter_us;
    uint32_t loss, dup, reorder; /* of a million */
    uint64_t last_us;            /* when the newest packet is due */
    unsigned waiting;
};

struct packet {
    uint64_t due_us, number; /* number: packets due together keep their order */
    unsigned from, to;
    size_t len;
    uint8_t b[PACKET_MAX];
};

struct stats {
    unsigned long long sent, lost, duplicated, reordered, overflowed, refused;
};

struct lab {
    int tun[NODES_MAX];
    unsigned nodes;
    struct wire wire[NODES_MAX][NODES_MAX];
    struct packet **heap; /* the earliest is the first */
    size_t count, cap;
    uint64_t number, random;
    struct stats stats;
    int listener, control; /* control -1: nobody is there */
};

static void
die(const char *what)
{
    fprintf(stderr, "switch: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * MILLION + (uint64_t)t.tv_nsec / 1000;
}

/* splitmix64 */
static uint64_t
draw(struct lab *lab)
{
    uint64_t z = lab->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t
draw_below(struct lab *lab, uint32_t limit)
{
    return limit ? draw(lab) % limit : 0;
}

/* --- packets that travel --- */

static bool
is_before(const struct packet *a, const struct packet *b)
{
    return a->due_us < b->due_us ||
           (a->due_us == b->due_us && a->number < b->number);
}

static void
push(struct lab *lab, struct packet *p)
{
    size_t i = lab->count++;

    if (lab->count > lab->cap) {
        lab->cap = lab->cap ? 2 * lab->cap : 256;
        lab->heap = realloc(lab->heap, lab->cap * sizeof(struct packet *));
        if (!lab->heap)
            die("memory");
    }
    for (; i > 0 && is_before(p, lab->heap[(i - 1) / 2]); i = (i - 1) / 2)
        lab->heap[i] = lab->heap[(i - 1) / 2];
    lab->heap[i] = p;
}

static struct packet *
pop(struct lab *lab)
{
    struct packet *first = lab->heap[0], *last = lab->heap[--lab->count];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < lab->count) {
        if (child + 1 < lab->count &&
            is_before(lab->heap[child + 1], lab->heap[child]))
            child++;
        if (!is_before(lab->heap[child], last))
            break;
        lab->heap[i] = lab->heap[child];
        i = child;
    }
    lab->heap[i] = last;
    return first;
}

static void
send_off(struct lab *lab, const struct packet *raw, uint64_t now)
{
    struct wire *w = &lab->wire[raw->from][raw->to];
    struct packet *p;

    if (w->waiting == LINK_PACKETS) {
        lab->stats.overflowed++;
        return;
    }
    p = malloc(sizeof(*p));
    if (!p)
        die("memory");
    *p = *raw;
    p->number = lab->number++;
    p->due_us = now + w->delay_us + draw_below(lab, w->jitter_us);
    if (p->due_us < w->last_us)
        p->due_us = w->last_us;
    w->last_us = p->due_us;
    if (draw_below(lab, MILLION) < w->reorder) {
        p->due_us += 1 + draw_below(lab, REORDER_US);
        lab->stats.reordered++;
    }
    w->waiting++;
    push(lab, p);
}

/* Whose packet is this? False: not one of the lab's. */
static bool
read_addresses(const struct lab *lab, struct packet *p)
{
    uint32_t source, target;

    if (p->len < 20 || p->b[0] >> 4 != 4)
        return false;
    memcpy(&source, p->b + 12, 4);
    memcpy(&target, p->b + 16, 4);
    p->to = ntohl(target) - NETWORK - 1;
    return ntohl(source) == NETWORK + 1 + p->from && p->to < lab->nodes &&
           p->to != p->from;
}

static void
take_packets(struct lab *lab, unsigned from, uint64_t now)
{
    struct packet p = {.from = from};
    const struct wire *w;

    for (int i = 0; i < SHARE; i++) {
        ssize_t n = read(lab->tun[from], p.b, sizeof(p.b));

        if (n < 0)
            return;
        p.len = (size_t)n;
        if (!read_addresses(lab, &p)) {
            lab->stats.refused++;
            continue;
        }
        w = &lab->wire[from][p.to];
        if (!w->up || draw_below(lab, MILLION) < w->loss) {
            lab->stats.lost++;
            continue;
        }
        send_off(lab, &p, now);
        if (draw_below(lab, MILLION) < w->dup) {
            lab->stats.duplicated++;
            send_off(lab, &p, now);
        }
    }
}

static void
deliver(struct lab *lab, uint64_t now)
{
    while (lab->count > 0 && lab->heap[0]->due_us <= now) {
        struct packet *p = pop(lab);

        lab->wire[p->from][p->to].waiting--;
        if (write(lab->tun[p->to], p->b, p->len) == (ssize_t)p->len)
            lab->stats.sent++;
        else
            lab->stats.lost++;
        free(p);
    }
}

/* --- control --- */

static bool
set_wire(struct wire *w, const char *name, unsigned long value)
{
    uint32_t v = (uint32_t)value;

    if (value > PAUSE_MAX_US)
        return false;
    if (strcmp(name, "up") == 0)
        w->up = v != 0;
    else if (strcmp(name, "delay") == 0)
        w->delay_us = v;
    else if (strcmp(name, "jitter") == 0)
        w->jitter_us = v;
    else if (strcmp(name, "loss") == 0)
        w->loss = v;
    else if (strcmp(name, "dup") == 0)
        w->dup = v;
    else if (strcmp(name, "reorder") == 0)
        w->reorder = v;
    else
        return false;
    return true;
}

/* "3" or "*"; false: neither. */
static bool
read_nodes(const struct lab *lab, const char *word, unsigned *first,
           unsigned *end)
{
    char *rest;

    if (!word)
        return false;
    *first = 0;
    *end = lab->nodes;
    if (strcmp(word, "*") == 0)
        return true;
    *first = (unsigned)strtoul(word, &rest, 10);
    *end = *first + 1;
    return *rest == '\0' && *first < lab->nodes;
}

static bool
set_links(struct lab *lab, char **words)
{
    unsigned from, from_end, to, to_end;
    char *word, *rest, *name;

    if (!read_nodes(lab, strtok_r(NULL, " ", words), &from, &from_end) ||
        !read_nodes(lab, strtok_r(NULL, " ", words), &to, &to_end))
        return false;
    while ((word = strtok_r(NULL, " ", words)) != NULL) {
        unsigned long value;

        name = strsep(&word, "=");
        if (!word || *word == '\0')
            return false;
        value = strtoul(word, &rest, 10);
        if (*rest != '\0')
            return false;
        for (unsigned i = from; i < from_end; i++)
            for (unsigned k = to; k < to_end; k++)
                if (!set_wire(&lab->wire[i][k], name, value))
                    return false;
    }
    return true;
}

static void
obey(struct lab *lab)
{
    char text[256], answer[256] = "error: no such command", *words;
    ssize_t n = recv(lab->control, text, sizeof(text) - 1, 0);
    const char *verb;

    if (n <= 0) {
        close(lab->control);
        lab->control = -1;
        return;
    }
    text[n] = '\0';
    verb = strtok_r(text, " ", &words);
    if (verb && strcmp(verb, "link") == 0)
        snprintf(answer, sizeof(answer), "%s",
                 set_links(lab, &words) ? "ok" : "error: no such link");
    else if (verb && strcmp(verb, "stats") == 0)
        snprintf(answer, sizeof(answer),
                 "sent %llu lost %llu duplicated %llu reordered %llu "
                 "overflowed %llu refused %llu",
                 lab->stats.sent, lab->stats.lost, lab->stats.duplicated,
                 lab->stats.reordered, lab->stats.overflowed,
                 lab->stats.refused);
    if (send(lab->control, answer, strlen(answer), MSG_NOSIGNAL) < 0) {
        close(lab->control);
        lab->control = -1;
    }
}

/* --- set-up --- */

static void
set_up(int s, const char *name)
{
    struct ifreq r = {0};

    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(s, SIOCSIFFLAGS, &r) != 0)
        die(name);
}

static void
set_address(int s, unsigned long what, uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(address)};
    struct ifreq r = {.ifr_name = "lab0"};

    memcpy(&r.ifr_addr, &in, sizeof(in));
    if (ioctl(s, what, &r) != 0)
        die("the address of lab0");
}

/* The interface of node i, in its namespace. */
static int
make_tun(const char *netns, unsigned i)
{
    struct ifreq r = {.ifr_name = "lab0", .ifr_flags = IFF_TUN | IFF_NO_PI};
    int ns = open(netns, O_RDONLY | O_CLOEXEC), tun, s;

    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
        die(netns);
    close(ns);
    tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &r) != 0)
        die("/dev/net/tun");
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        die("socket");
    set_up(s, "lo");
    set_address(s, SIOCSIFADDR, NETWORK + 1 + i);
    set_address(s, SIOCSIFNETMASK, 0xffffff00u);
    set_up(s, "lab0");
    close(s);
    return tun;
}

static int
listen_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(a.sun_path)) {
        errno = ENAMETOOLONG;
        die(path);
    }
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 ||
        listen(s, 1) != 0)
        die(path);
    return s;
}

/* --- the loop --- */

static void
turn(struct lab *lab)
{
    struct pollfd at[NODES_MAX + 1];
    uint64_t now = now_us(), due = now + MILLION;
    struct timespec patience;

    for (unsigned i = 0; i < lab->nodes; i++)
        at[i] = (struct pollfd){.fd = lab->tun[i], .events = POLLIN};
    at[lab->nodes] =
        (struct pollfd){.fd = lab->control >= 0 ? lab->control : lab->listener,
                        .events = POLLIN};
    if (lab->count > 0 && lab->heap[0]->due_us < due)
        due = lab->heap[0]->due_us;
    due = due > now ? due - now : 0;
    patience.tv_sec = (time_t)(due / MILLION);
    patience.tv_nsec = (long)(due % MILLION) * 1000;
    if (ppoll(at, lab->nodes + 1, &patience, NULL) < 0 && errno != EINTR)
        die("poll");
    now = now_us();
    for (unsigned i = 0; i < lab->nodes; i++)
        if (at[i].revents)
            take_packets(lab, i, now);
    deliver(lab, now);
    if (!at[lab->nodes].revents)
        return;
    if (lab->control >= 0)
        obey(lab);
    else
        lab->control = accept4(lab->listener, NULL, NULL, SOCK_CLOEXEC);
}

int
main(int argc, char **argv)
{
    struct lab lab = {.control = -1};
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    if (argc < 4 || argc > 3 + NODES_MAX) {
        fprintf(stderr, "usage: switch SOCKET SEED NETNS...\n");
        return 2;
    }
    /* Whoever made the namespaces removes them; this must not stay behind. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || home < 0)
        die("start");
    lab.random = strtoull(argv[2], NULL, 10);
    lab.nodes = (unsigned)argc - 3;
    for (unsigned i = 0; i < lab.nodes; i++) {
        lab.tun[i] = make_tun(argv[3 + i], i);
        for (unsigned k = 0; k < lab.nodes; k++)
            lab.wire[i][k] = (struct wire){.up = true};
    }
    if (setns(home, CLONE_NEWNET) != 0)
        die("setns");
    lab.listener = listen_at(argv[1]);
    for (;;)
        turn(&lab);
}
