/* SPDX-License-Identifier: MIT
 *
 * system_confine by Landlock (files, TCP, other processes; Linux 5.13 and later) and seccomp (all
 * sockets). What a kernel does not have is left out.
 *
 * https://docs.kernel.org/userspace-api/landlock.html
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system.h"

/* ---- Landlock ------------------------------------------------------------------------- */

/* As in linux/landlock.h, which older systems lack; the numbers are the kernel's for good. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 }; /* calls, on every machine */
enum { ASK_VERSION = 1, RULE_PATH = 1 };
enum { WITH_REFER = 2, WITH_TRUNCATE = 3, WITH_TCP = 4, WITH_SCOPES = 6 }; /* versions */

struct ruleset {
    uint64_t files, network, scopes;
};

struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

enum {
    FILE_WRITE = 1 << 1,
    FILE_REMOVE_AND_MAKE = 0x1ff << 4, /* folders, files, devices, sockets, pipes, links */
    FILE_REFER = 1 << 13,              /* move between folders */
    FILE_TRUNCATE = 1 << 14,
    TCP_BIND_AND_CONNECT = 3,
    SCOPE_SOCKETS_AND_SIGNALS = 3, /* abstract Unix sockets and processes outside */
};

static struct ruleset ruleset_of(long version)
{
    struct ruleset r = {.files = FILE_WRITE | FILE_REMOVE_AND_MAKE};
    r.files |= version >= WITH_REFER ? FILE_REFER : 0;
    r.files |= version >= WITH_TRUNCATE ? FILE_TRUNCATE : 0;
    r.network = version >= WITH_TCP ? TCP_BIND_AND_CONNECT : 0;
    r.scopes = version >= WITH_SCOPES ? SCOPE_SOCKETS_AND_SIGNALS : 0;
    return r;
}

static void allow(int rules, const char *path, uint64_t what)
{
    struct path_rule rule = {.allowed = what};
    do
        rule.folder = open(path, O_PATH | O_CLOEXEC);
    while (rule.folder < 0 && errno == EINTR);
    if (rule.folder < 0) /* it is not there: nothing is written to it */
        return;
    syscall(ADD_RULE, rules, RULE_PATH, &rule, 0);
    close(rule.folder);
}

static bool confine_files(const char *const *folders, size_t n)
{
    long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    if (version < 1)
        return false;
    struct ruleset r = ruleset_of(version);
    /* An older kernel takes a shorter struct. */
    size_t size = version >= WITH_SCOPES ? sizeof r
                  : version >= WITH_TCP  ? offsetof(struct ruleset, scopes)
                                         : offsetof(struct ruleset, network);
    int rules = (int)syscall(CREATE_RULESET, &r, size, 0);
    if (rules < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        allow(rules, folders[i], r.files);
    allow(rules, "/dev/null", r.files & (FILE_WRITE | FILE_TRUNCATE));
    bool ok = syscall(RESTRICT_SELF, rules, 0) == 0;
    close(rules);
    return ok;
}

/* ---- seccomp -------------------------------------------------------------------------- */

#if defined __x86_64__
#define OWN_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OWN_MACHINE AUDIT_ARCH_AARCH64
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define SKIP_IF(number, n_yes, n_no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, n_yes, n_no)
#define SKIP_FROM(number, n_yes, n_no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, number, n_yes, n_no)
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)

/* socket, and io_uring, which can make one too, fail with EACCES. So does what another machine's
 * programs call: 32 bit, x32. */
static bool confine_network(void)
{
#ifdef OWN_MACHINE
    enum { X32 = 0x40000000 };
    static struct sock_filter filter[] = {
        LOAD(arch),
        SKIP_IF(OWN_MACHINE, 0, 5),
        LOAD(nr),
        SKIP_FROM(X32, 3, 0),
        SKIP_IF(SYS_socket, 2, 0),
        SKIP_IF(SYS_io_uring_setup, 1, 0),
        ANSWER(SECCOMP_RET_ALLOW),
        ANSWER(SECCOMP_RET_ERRNO | EACCES),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
#else
    return false;
#endif
}

unsigned system_confine(const char *const *folders, size_t n)
{
    /* Neither is given to programs that could gain rights, such as sudo. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 0;
    unsigned done = confine_files(folders, n) ? SYSTEM_CONFINED_FILES : 0;
    return done | (confine_network() ? SYSTEM_CONFINED_NETWORK : 0);
}
