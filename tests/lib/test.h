/* SPDX-License-Identifier: MIT
 *
 * test: what every cmocka program of ours needs: the headers in the order that cmocka wants, and
 * the way to shared/, the folder of reference models beside the project.
 */
#ifndef QINS_TEST_H
#define QINS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/stat.h>

/* qemu-user says yes to advice about memory, and does nothing: skips the calling test under it. */
static inline void skip_if_emulated(void)
{
    if (!getenv("QINS_EMULATED"))
        return;
    printf("SKIPPED: an emulated system takes no advice about memory\n");
    skip();
}

/* Path of something in shared/; when it is absent says so: NULL. */
static inline char *shared_or_null(const char *name)
{
    static char path[4][4096];
    static int turn;
    const char *folder = getenv("QINS_SHARED");
    char *p = path[turn++ & 3];
    struct stat st;
    snprintf(p, sizeof path[0], "%s/%s", folder ? folder : "../shared", name);
    if (stat(p, &st) == 0)
        return p;
    printf("SKIPPED: %s is not there\n", p);
    return NULL;
}

/* The same; skips the calling test when it is absent. */
static inline char *shared_path(const char *name)
{
    char *p = shared_or_null(name);
    if (p)
        return p;
    skip();
    abort(); /* the compiler does not know that this is never reached */
}

enum { EXIT_SKIPPED = 77 }; /* for Meson: of a program whose group needs what is not there */

/* A new empty folder under TMPDIR; the caller removes what it puts there (remove_folder). */
static inline char *temp_folder(void)
{
    const char *base = getenv("TMPDIR");
    static char path[4][256];
    static int turn;
    char *p = path[turn++ & 3];
    snprintf(p, sizeof path[0], "%s/qins-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(p));
    return p;
}

static inline void remove_folder(const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0)
        printf("cannot remove %s\n", path);
}

#endif
