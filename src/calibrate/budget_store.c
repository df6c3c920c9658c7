/* SPDX-License-Identifier: MIT */
#include "budget_store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hasher.h"
#include "outfile.h"

struct budget_store {
    char *path;
    FILE *file;
    size_t n_weights;
    int n_costs;
    double *costs; /* [n_weights][n_costs] NAN: not measured */
};

static double *costs_of(const struct budget_store *s, size_t weight)
{
    return s->costs + weight * (size_t)s->n_costs;
}

/* A line "WEIGHT COST COST ..."; a last one that was cut, or one that makes no sense, is none. */
static void read_line(struct budget_store *s, const char *line)
{
    double costs[16];
    char *end;
    unsigned long long weight = strtoull(line, &end, 10);
    if (end == line || weight >= s->n_weights || s->n_costs > 16)
        return;
    for (int i = 0; i < s->n_costs; i++) {
        const char *at = end;
        costs[i] = strtod(at, &end);
        if (end == at || !isfinite(costs[i]))
            return;
    }
    if (*end == '\n')
        memcpy(costs_of(s, weight), costs, (size_t)s->n_costs * sizeof *costs);
}

/* -> whether the file is of this key; then it is read, and more is written behind it. */
static bool read_all(struct budget_store *s, const char *hex)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = getline(&line, &cap, s->file);
    bool same = n == SHA256_HEX + 1 && strncmp(line, hex, SHA256_HEX) == 0;
    bool ends = same;
    while (same && (n = getline(&line, &cap, s->file)) > 0) {
        read_line(s, line);
        ends = line[n - 1] == '\n';
    }
    free(line);
    fseek(s->file, 0, SEEK_END);
    if (same && !ends)
        fputc('\n', s->file);
    return same;
}

static bool start(struct budget_store *s, const char *key, struct error *err)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(key, strlen(key), hex);
    if (read_all(s, hex))
        return true;
    rewind(s->file);
    if (truncate_restarted(fileno(s->file), 0) != 0)
        return error_set(err, EX_CANTCREAT, "%s: cannot write: %s", s->path, strerror(errno));
    fprintf(s->file, "%s\n", hex);
    return budget_store_flush(s, err);
}

struct budget_store *budget_store_open(const char *path, size_t n_weights, int n_costs,
                                       const char *key, struct error *err)
{
    struct budget_store *s = xcalloc(1, sizeof *s);
    *s = (struct budget_store){.path = xstrdup(path), .n_weights = n_weights, .n_costs = n_costs};
    s->costs = xcalloc(n_weights * (size_t)n_costs + 1, sizeof *s->costs);
    for (size_t i = 0; i < n_weights * (size_t)n_costs; i++)
        s->costs[i] = NAN;
    int fd = open_restarted(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    s->file = fd >= 0 ? fdopen(fd, "r+") : NULL;
    bool ok =
        s->file || error_set(err, EX_CANTCREAT, "%s: cannot write: %s", path, strerror(errno));
    ok = ok && (outfile_lock(fd) ||
                error_set(err, EX_TEMPFAIL, "%s: another conversion is writing it", path));
    if (ok && start(s, key, err))
        return s;
    budget_store_close(s);
    return NULL;
}

void budget_store_close(struct budget_store *s)
{
    if (!s)
        return;
    if (s->file)
        fclose(s->file);
    free(s->costs);
    free(s->path);
    free(s);
}

bool budget_store_get(const struct budget_store *s, size_t weight, double *costs)
{
    memcpy(costs, costs_of(s, weight), (size_t)s->n_costs * sizeof *costs);
    return !isnan(costs[0]);
}

void budget_store_put(struct budget_store *s, size_t weight, const double *costs)
{
    memcpy(costs_of(s, weight), costs, (size_t)s->n_costs * sizeof *costs);
    fprintf(s->file, "%zu", weight);
    for (int i = 0; i < s->n_costs; i++)
        fprintf(s->file, " %a", costs[i]);
    fputc('\n', s->file);
}

bool budget_store_flush(struct budget_store *s, struct error *err)
{
    return (fflush(s->file) == 0 && !ferror(s->file) && fsync(fileno(s->file)) == 0) ||
           error_set(err, EX_IOERR, "%s: cannot write: %s", s->path, strerror(errno));
}
