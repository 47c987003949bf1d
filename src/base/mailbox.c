/*
 * mailbox.c - see mailbox.h.
 *
 * The eventfd is written when the mailbox becomes interesting (first message,
 * or close) and read when it stops being so, both under the lock: its state
 * always equals "queued or closed", and a burst costs two system calls.
 */
#include "src/base/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct letter {
    struct letter *next;
    void *message;
    size_t bytes;
};

struct gv_mailbox {
    pthread_mutex_t lock;
    struct letter *head, **tail;
    size_t count, bytes;
    bool closed, signalled;
    int fd;
    struct gv_mailbox_limits limits;
    void (*destroy)(void *message);
};

struct gv_mailbox *
gv_mailbox_new(struct gv_mailbox_limits limits, void (*destroy)(void *message))
{
    struct gv_mailbox *box = calloc(1, sizeof(*box));

    if (box == NULL)
        return NULL;
    box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (box->fd < 0) {
        free(box);
        return NULL;
    }
    pthread_mutex_init(&box->lock, NULL);
    box->tail = &box->head;
    box->limits = limits;
    box->destroy = destroy;
    return box;
}

void
gv_mailbox_free(struct gv_mailbox *box)
{
    void *message;

    if (box == NULL)
        return;
    while ((message = gv_mailbox_take(box)) != NULL)
        box->destroy(message);
    close(box->fd);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

/* Make the descriptor agree with the state; the lock is held. An eventfd
 * whose counter is 0 or 1 can fail neither of these calls. */
static void
signal_state(struct gv_mailbox *box)
{
    bool wanted = box->count > 0 || box->closed;
    uint64_t n = 1;
    ssize_t done = (ssize_t)sizeof(n);

    if (wanted == box->signalled)
        return;
    do {
        done = wanted ? write(box->fd, &n, sizeof(n))
                      : read(box->fd, &n, sizeof(n));
    } while (done < 0 && errno == EINTR);
    box->signalled = wanted;
}

static bool
is_full(const struct gv_mailbox *box, size_t bytes)
{
    const struct gv_mailbox_limits *limits = &box->limits;

    if (limits->max_messages != 0 && box->count >= limits->max_messages)
        return true;
    return limits->max_bytes != 0 && (bytes > limits->max_bytes ||
                                      box->bytes > limits->max_bytes - bytes);
}

enum gv_mail_rc
gv_mailbox_offer(struct gv_mailbox *box, void *message, size_t bytes)
{
    struct letter *letter = malloc(sizeof(*letter));
    enum gv_mail_rc rc = GV_MAIL_OK;

    pthread_mutex_lock(&box->lock);
    if (box->closed)
        rc = GV_MAIL_CLOSED;
    else if (letter == NULL || is_full(box, bytes))
        rc = GV_MAIL_FULL;
    if (rc == GV_MAIL_OK) {
        *letter = (struct letter){NULL, message, bytes};
        *box->tail = letter;
        box->tail = &letter->next;
        box->count++;
        box->bytes += bytes;
        signal_state(box);
    }
    pthread_mutex_unlock(&box->lock);
    if (rc != GV_MAIL_OK)
        free(letter);
    return rc;
}

enum gv_mail_rc
gv_mailbox_post(struct gv_mailbox *box, void *message, size_t bytes)
{
    enum gv_mail_rc rc = gv_mailbox_offer(box, message, bytes);

    if (rc != GV_MAIL_OK)
        box->destroy(message);
    return rc;
}

size_t
gv_mailbox_drain(struct gv_mailbox *box, void **out, size_t max)
{
    struct letter *taken, *next;
    size_t n = 0;

    pthread_mutex_lock(&box->lock);
    taken = box->head;
    while (n < max && box->head != NULL) {
        out[n++] = box->head->message;
        box->bytes -= box->head->bytes;
        box->head = box->head->next;
    }
    box->count -= n;
    if (box->head == NULL)
        box->tail = &box->head;
    signal_state(box);
    pthread_mutex_unlock(&box->lock);

    for (size_t i = 0; i < n; i++) {
        next = taken->next;
        free(taken);
        taken = next;
    }
    return n;
}

void *
gv_mailbox_take(struct gv_mailbox *box)
{
    void *message;

    return gv_mailbox_drain(box, &message, 1) == 1 ? message : NULL;
}

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
gv_mailbox_wait(struct gv_mailbox *box, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = box->fd, .events = POLLIN};
    int64_t end = now_ms() + timeout_ms;
    int left = timeout_ms, n;

    while ((n = poll(&poll_fd, 1, left)) < 0 && errno == EINTR) {
        if (timeout_ms < 0)
            continue;
        left = end > now_ms() ? (int)(end - now_ms()) : 0;
    }
    return n > 0;
}

int
gv_mailbox_fd(const struct gv_mailbox *box)
{
    return box->fd;
}

void
gv_mailbox_close(struct gv_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->closed = true;
    signal_state(box);
    pthread_mutex_unlock(&box->lock);
}

bool
gv_mailbox_done(struct gv_mailbox *box)
{
    bool done;

    pthread_mutex_lock(&box->lock);
    done = box->closed && box->count == 0;
    pthread_mutex_unlock(&box->lock);
    return done;
}

size_t
gv_mailbox_count(struct gv_mailbox *box)
{
    size_t count;

    pthread_mutex_lock(&box->lock);
    count = box->count;
    pthread_mutex_unlock(&box->lock);
    return count;
}
