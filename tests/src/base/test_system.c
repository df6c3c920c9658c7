/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#ifdef __linux__
static void put(const char *root, const char *path, const char *text)
{
    char command[2048];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s/%s')\" && printf -- '%s' > '%s/%s'",
             root, path, text, root, path);
    assert_int_equal(system(command), 0);
}

static void test_cgroup_quota_is_respected(void **state)
{
    (void)state;
    const char *root = temp_folder();
    assert_true(system_cpu_quota(root) == 0);
    put(root, "proc/self/cgroup", "0::/user.slice/app\\n");
    put(root, "sys/fs/cgroup/user.slice/app/cpu.max", "max 100000\\n");
    assert_true(system_cpu_quota(root) == 0);
    put(root, "sys/fs/cgroup/user.slice/cpu.max", "150000 100000\\n");
    assert_true(system_cpu_quota(root) == 1.5); /* the parent's */
    put(root, "sys/fs/cgroup/user.slice/app/cpu.max", "50000 100000\\n");
    assert_true(system_cpu_quota(root) == 0.5);
    put(root, "proc/self/cgroup", "9:name=systemd:/x\\n3:cpu,cpuacct:/box\\n0::/\\n");
    put(root, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\\n");
    put(root, "sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\\n");
    assert_true(system_cpu_quota(root) == 0);
    put(root, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "250000\\n");
    assert_true(system_cpu_quota(root) == 2.5);
    put(root, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "nonsense\\n");
    assert_true(system_cpu_quota(root) == 0);
    remove_folder(root);
}

static void test_memory_left_is_the_tightest_group_s(void **state)
{
    (void)state;
    const char *root = temp_folder();
    put(root, "proc/meminfo", "MemTotal: 9000 kB\\nMemAvailable: 8000 kB\\n");
    assert_true(system_memory_available(root) == 8000 * 1024);
    put(root, "proc/self/cgroup", "0::/slice/app\\n");
    put(root, "sys/fs/cgroup/slice/app/memory.max", "max\\n");
    put(root, "sys/fs/cgroup/slice/app/memory.current", "1000\\n");
    assert_true(system_memory_available(root) == 8000 * 1024);
    put(root, "sys/fs/cgroup/slice/memory.max", "500000\\n"); /* the parent's */
    put(root, "sys/fs/cgroup/slice/memory.current", "400000\\n");
    assert_true(system_memory_available(root) == 100000);
    put(root, "sys/fs/cgroup/slice/memory.stat",
        "anon 7\\ninactive_file 20000\\nactive_file 30000\\n"); /* given up when room is needed */
    assert_true(system_memory_available(root) == 150000);
    put(root, "sys/fs/cgroup/slice/memory.current", "600000\\n");
    assert_true(system_memory_available(root) == 0);
    remove_folder(root);
}

static void test_memory_left_in_a_group_of_version_1(void **state)
{
    (void)state;
    const char *root = temp_folder();
    put(root, "proc/meminfo", "MemAvailable: 8000 kB\\n");
    put(root, "proc/self/cgroup", "4:memory:/box\\n3:cpu,cpuacct:/\\n");
    put(root, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "9223372036854771712\\n");
    put(root, "sys/fs/cgroup/memory/box/memory.usage_in_bytes", "70000\\n");
    assert_true(system_memory_available(root) == 8000 * 1024); /* how it says "none" */
    put(root, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "90000\\n");
    put(root, "sys/fs/cgroup/memory/box/memory.stat", "total_inactive_file 5000\\n");
    assert_true(system_memory_available(root) == 25000);
    remove_folder(root);
}

static void test_shared_pages_are_divided(void **state)
{
    (void)state;
    assert_in_range(system_pss_bytes(), 1, system_memory_use().rss_bytes);
}
#endif

static void test_the_clock_goes_forward_in_small_steps(void **state)
{
    (void)state;
    uint64_t least = UINT64_MAX, before = system_clock_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = system_clock_ns();
        assert_true(now >= before);
        if (now > before && now - before < least)
            least = now - before;
        before = now;
    }
    assert_true(least < 1000000);
}

static void test_memory_of_this_process_is_told(void **state)
{
    (void)state;
    const struct system_memory use = system_memory_use();
    assert_true(use.rss_bytes > 0 && use.private_bytes > 0);
    assert_true(use.private_bytes <= use.rss_bytes && use.mapped_bytes <= use.rss_bytes);
    assert_true(system_memory_total() > use.rss_bytes);
    assert_true(system_memory_available("") > 0);
    assert_in_range(system_cores(), 1, 4096);
}

static void test_room_on_the_disk_is_taken(void **state)
{
    (void)state;
    const char *folder = temp_folder();
    char path[1024];
    struct stat st;
    snprintf(path, sizeof path, "%s/file", folder);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(system_reserve(fd, 1 << 20), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 1 << 20);
    assert_int_equal(system_sync(fd), 0);
    assert_true(llabs((long long)(system_modified(&st).tv_sec - time(NULL))) < 60);
    close(fd);
    remove_folder(folder);
}

static void test_pages_that_were_read_are_not_absent(void **state)
{
    (void)state;
    skip_if_emulated();
    const char *folder = temp_folder();
    char path[1024];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), n_pages = 5000;
    snprintf(path, sizeof path, "%s/file", folder);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, (off_t)(n_pages * page)), 0);
    void *p = mmap(NULL, n_pages * page, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(p != MAP_FAILED);
    int error = system_read_ahead(p, n_pages * page);
    assert_true(error == 0 || error == EINVAL);
    if (error == 0)
        assert_int_equal(system_absent_pages(p, n_pages), 0);
    munmap(p, n_pages * page);
    close(fd);
    remove_folder(folder);
}

/* ---- a word that threads sleep on ------------------------------------------------------ */

static _Atomic uint32_t word, n_woken;

static void *sleeper(void *arg)
{
    system_thread_start("sleeper");
    system_wait_while(&word, 0);
    atomic_fetch_add(&n_woken, 1);
    return arg;
}

static void test_all_who_sleep_on_a_word_wake(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleeper, NULL), 0);
    usleep(20000);
    assert_int_equal(atomic_load(&n_woken), 0);
    system_wake_all(&word); /* nothing changed: they sleep on */
    usleep(20000);
    assert_int_equal(atomic_load(&n_woken), 0);
    atomic_store(&word, 1);
    system_wake_all(&word);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&n_woken), 3);
}

static void test_a_reader_that_goes_away_is_noticed(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct pollfd watched = system_watch_reader(fds[1]);
    assert_false(poll(&watched, 1, 10) > 0 && system_reader_is_gone(&watched));
    close(fds[0]);
    watched = system_watch_reader(fds[1]);
    assert_int_equal(poll(&watched, 1, 1000), 1);
    assert_true(system_reader_is_gone(&watched));
    close(fds[1]);
}

/* ---- what may go wrong stays small ---------------------------------------------------- */

static bool can_write(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/new", folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0 && unlink(path) == 0;
}

static void *write_in_a_thread(void *folder)
{
    return can_write(folder) ? folder : NULL;
}

static bool thread_can_write(char *folder)
{
    pthread_t thread;
    void *result = NULL;
    return pthread_create(&thread, NULL, write_in_a_thread, folder) == 0 &&
           pthread_join(thread, &result) == 0 && result;
}

static bool can_change(const char *path)
{
    int fd = open(path, O_WRONLY);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || truncate(path, 0) == 0 || unlink(path) == 0 || rename(path, "/tmp/x") == 0;
}

static bool has_network(void)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    bool has = false;
    for (int i = 0; i < 3; i++) {
        int fd = socket(families[i], SOCK_STREAM, 0);
        has |= fd >= 0;
        if (fd >= 0)
            close(fd);
    }
    return has;
}

/* In a process of its own. -> bits of what does not hold; 77 if the system has no such thing. */
static int confined(char *mine, char *other, const char *file)
{
    unsigned done = system_confine((const char *const *)&mine, 1);
    FILE *null = fopen("/dev/null", "w"), *read = fopen(file, "r");
    int wrong = (null ? 0 : 1) | (read ? 0 : 2);
    if (done & SYSTEM_CONFINED_FILES)
        wrong |= (can_write(mine) && thread_can_write(mine) ? 0 : 4) |
                 (can_write(other) || thread_can_write(other) ? 8 : 0) |
                 (can_change(file) ? 16 : 0);
    if (done & SYSTEM_CONFINED_NETWORK)
        wrong |= has_network() ? 32 : 0;
    return wrong ? wrong : done ? 0 : 77;
}

static void test_a_confined_process_changes_its_folders_alone(void **state)
{
    (void)state;
    char *mine = temp_folder(), *other = temp_folder(), file[512];
    int status;
    snprintf(file, sizeof file, "%s/file", other);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fclose(f);
    assert_true(can_write(mine) && can_write(other));
    pid_t child = fork();
    if (child == 0)
        _exit(confined(mine, other, file));
    assert_int_equal(waitpid(child, &status, 0), child);
    remove_folder(mine);
    remove_folder(other);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        printf("SKIPPED: this system confines nothing\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef __linux__
        cmocka_unit_test(test_cgroup_quota_is_respected),
        cmocka_unit_test(test_memory_left_is_the_tightest_group_s),
        cmocka_unit_test(test_memory_left_in_a_group_of_version_1),
        cmocka_unit_test(test_shared_pages_are_divided),
#endif
        cmocka_unit_test(test_the_clock_goes_forward_in_small_steps),
        cmocka_unit_test(test_memory_of_this_process_is_told),
        cmocka_unit_test(test_room_on_the_disk_is_taken),
        cmocka_unit_test(test_pages_that_were_read_are_not_absent),
        cmocka_unit_test(test_all_who_sleep_on_a_word_wake),
        cmocka_unit_test(test_a_reader_that_goes_away_is_noticed),
        cmocka_unit_test(test_a_confined_process_changes_its_folders_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
