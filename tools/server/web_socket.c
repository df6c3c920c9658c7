/* SPDX-License-Identifier: MIT */
#include "web_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128 };

bool web_socket_is_local(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

static int try(const struct addrinfo *a)
{
    const int on = 1;
    int fd = socket(a->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static void name_address(int fd, char *address, size_t n)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    char host[256] = "?", port[16] = "?";
    if (getsockname(fd, (struct sockaddr *)&a, &len) == 0)
        getnameinfo((struct sockaddr *)&a, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    const bool is_v6 = strchr(host, ':');
    snprintf(address, n, "http://%s%s%s:%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

int web_socket_listen(const char *host, const char *port, char *address, size_t n,
                      struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list;
    const int failed = getaddrinfo(host, port, &hints, &list);
    if (failed) {
        error_set(err, failed == EAI_MEMORY ? EX_OSERR : EX_NOHOST, "%s port %s: %s", host, port,
                  gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = try(a);
    if (fd < 0)
        error_set(err, EX_UNAVAILABLE, "cannot listen at %s port %s: %s", host, port,
                  strerror(errno));
    else
        name_address(fd, address, n);
    freeaddrinfo(list);
    return fd;
}
