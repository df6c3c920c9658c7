/* SPDX-License-Identifier: MIT
 *
 * memory_limits: this process's own limits; those of control groups: test_system.c.
 */
#include <sys/resource.h>

#include "memory_limits.h"
#include "test.h"

static void test_ulimit(void **state)
{
    (void)state;
    struct rlimit before, limit;
    uint64_t all = memory_free();
    if (!all)
        skip();
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)8 << 30;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        skip();
    uint64_t left = memory_free();
    setrlimit(RLIMIT_AS, &before);
    assert_true(left < (uint64_t)8 << 30);
    assert_true(left <= all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ulimit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
