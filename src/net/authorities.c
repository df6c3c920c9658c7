/* SPDX-License-Identifier: MIT */
#include "authorities.h"

#include <stdlib.h>

#include "base.h"

char *authorities_find(const char *root)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Gentoo, NixOS */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL, older openSUSE */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora 42 and later */
        "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine, macOS, Void */
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = xasprintf("%s%s", root, places[i]);
        if (is_file(path))
            return path;
        free(path);
    }
    return NULL;
}
