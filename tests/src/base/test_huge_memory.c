/* SPDX-License-Identifier: MIT */
#include "huge_memory.h"

#include <errno.h>
#include <stdint.h>

#include "test.h"

static void test_memory_is_zeroed_and_begins_on_a_huge_page(void **state)
{
    static const size_t sizes[] = {1, 4096, 4097, HUGE_PAGE, HUGE_PAGE + 1, 5 * HUGE_PAGE - 1};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *p = huge_memory_new(sizes[i]);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % HUGE_PAGE, 0);
        for (size_t at = 0; at < sizes[i]; at += 997)
            assert_int_equal(p[at], 0);
        p[0] = p[sizes[i] - 1] = 7;
        huge_memory_free(p, sizes[i]);
    }
    huge_memory_free(NULL, 5);
}

static void test_what_no_memory_holds_is_refused(void **state)
{
    (void)state;
    errno = 0;
    assert_null(huge_memory_new(SIZE_MAX));
    assert_int_equal(errno, ENOMEM);
    assert_null(huge_memory_new(SIZE_MAX / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_begins_on_a_huge_page),
        cmocka_unit_test(test_what_no_memory_holds_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
