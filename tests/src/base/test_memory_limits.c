/* SPDX-License-Identifier: MIT
 *
 * memory_limits: this process's own limits; those of control groups: test_system.c.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "memory_limits.h"
#include "test.h"

/* Bytes of addresses in use: sanitisers take terabytes. */
static uint64_t addresses(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%lu", &pages) != 1)
        skip();
    fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void test_ulimit(void **state)
{
    (void)state;
    enum { ROOM = 64 << 20 };
    struct rlimit before, limit;
    uint64_t all = memory_free();
    if (!all)
        skip();
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)(addresses() + ROOM);
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        skip();
    getrlimit(RLIMIT_AS, &limit);
    uint64_t left = memory_free();
    setrlimit(RLIMIT_AS, &before);
    if (limit.rlim_cur == before.rlim_cur) { /* qemu-user does not keep it */
        printf("SKIPPED: this system has no limit of addresses\n");
        skip();
    }
    assert_in_range(left, ROOM / 2, ROOM);
    assert_true(left <= all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ulimit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
