/* SPDX-License-Identifier: MIT
 *
 * memory_limits: made-up control groups of both versions, and this process's own limits.
 */
#include <sys/resource.h>

#include "memory_limits.h"
#include "test.h"

static char *root;

static void put(const char *file, const char *text)
{
    char command[1024];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s%s')\" && printf '%s' > '%s%s'",
             root, file, text, root, file);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    (void)state;
    root = temp_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(root);
    return 0;
}

static void test_no_group_and_no_limit(void **state)
{
    (void)state;
    assert_true(memory_cgroup_free(root) == UINT64_MAX);
    put("/proc/self/cgroup", "0::/a\\n");
    assert_true(memory_cgroup_free(root) == UINT64_MAX);
    put("/sys/fs/cgroup/a/memory.max", "max\\n");
    put("/sys/fs/cgroup/a/memory.current", "1000\\n");
    assert_true(memory_cgroup_free(root) == UINT64_MAX);
}

static void test_version_2_counts_every_group_above(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a/b\\n");
    put("/sys/fs/cgroup/a/b/memory.max", "max\\n");
    put("/sys/fs/cgroup/a/b/memory.current", "500\\n");
    put("/sys/fs/cgroup/a/memory.max", "10000\\n");
    put("/sys/fs/cgroup/a/memory.current", "7000\\n");
    assert_true(memory_cgroup_free(root) == 3000);
    put("/sys/fs/cgroup/a/memory.stat", "anon 5000\\ninactive_file 1500\\nslab 1\\n");
    assert_true(memory_cgroup_free(root) == 4500); /* pages of files give way */
    put("/sys/fs/cgroup/a/b/memory.max", "600\\n");
    assert_true(memory_cgroup_free(root) == 100);
    put("/sys/fs/cgroup/a/b/memory.current", "700\\n");
    assert_true(memory_cgroup_free(root) == 0);
}

/* In a container the group's folder is the root of what is mounted. */
static void test_version_1(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "9:cpu,cpuacct:/x\\n7:memory:/docker/abc\\n0::/\\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "5\\n");
    assert_true(memory_cgroup_free(root) == UINT64_MAX);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\\n");
    assert_true(memory_cgroup_free(root) == 995);
}

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
        cmocka_unit_test_setup_teardown(test_no_group_and_no_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_2_counts_every_group_above, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_1, set_up, tear_down),
        cmocka_unit_test(test_ulimit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
