/* SPDX-License-Identifier: MIT
 *
 * cgroup: limits of the control groups (v2, then v1) that this process is in, from the files below
 * `root` ("" for the real ones).
 */
#ifndef QINS_CGROUP_LINUX_H
#define QINS_CGROUP_LINUX_H

/* All are INFINITY if nothing limits. */
double cgroup_cpu_quota(const char *root); /* CPUs */
/* Bytes: the limit less what is used and not a file's. */
double cgroup_memory_left(const char *root);

#endif
