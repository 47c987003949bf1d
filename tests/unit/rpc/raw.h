/*
 * raw.h - what the tests of the HTTP server share: a clock, and plain sockets
 * that send what they like.
 *
 * Thread-safety: no state.
 */
#ifndef GAVEL_TESTS_RPC_RAW_H
#define GAVEL_TESTS_RPC_RAW_H

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int
raw(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}

static inline void
put(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Read until needle comes (true), or the end, or ms pass. */
static inline bool
expect(int fd, const char *needle, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    double end = now() + ms / 1000.0;
    char text[4096] = "";
    size_t len = 0;

    while (now() < end && len < sizeof(text) - 1) {
        ssize_t n;

        if (poll(&p, 1, (int)((end - now()) * 1000) + 1) != 1)
            break;
        n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, needle) != NULL)
            return true;
    }
    return false;
}

static inline bool
closed_within(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char text[4096];

    while (poll(&p, 1, ms) == 1) {
        if (recv(fd, text, sizeof(text), 0) <= 0)
            return true;
    }
    return false;
}

#endif
