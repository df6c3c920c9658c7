/* SPDX-License-Identifier: MIT */
#include "engine_setup.h"

#include <string.h>

#include "fetch.h"
#include "fit.h"
#include "folder_format.h"
#include "memory_limits.h"
#include "remote_setup.h"

static const char *or_auto(const char *name)
{
    return name ? name : "auto";
}

bool engine_setup_read(struct engine_setup *s, const struct engine_options *o, struct error *err)
{
    const char *cpu = or_auto(o->cpu);
    *s = (struct engine_setup){0};
    if (!cpu_flags_from_name(cpu, &s->cpu_flags))
        return error_set(err, EX_CONFIG, "cpu: this machine has no \"%s\"; it has %s", cpu,
                         cpu_level_names());
    s->has_kv = strcmp(or_auto(o->kv), "auto") != 0;
    if (s->has_kv && !kv_type_from_name(o->kv, &s->kv))
        return error_set(err, EX_CONFIG, "kv: there is no type \"%s\"", o->kv);
    if (!speculate_mode_from_name(or_auto(o->speculate), &s->speculate))
        return error_set(err, EX_CONFIG, "speculate: there is no mode \"%s\"", o->speculate);
    if (!weights_mode_from_name(or_auto(o->weights), &s->weights))
        return error_set(err, EX_CONFIG, "weights: there is no way \"%s\"", o->weights);
    return gemm_from_name(or_auto(o->gemm), s->cpu_flags, &s->gemm, err) &&
           folder_format(or_auto(o->format), o->model, &s->folder_format, err);
}

uint64_t engine_free_memory(void)
{
    return memory_free();
}

bool engine_can_download(void)
{
    struct error ignored;
    return fetch_is_possible(&ignored);
}

void engine_measure_models(struct model_list *l)
{
    fit_models(l);
}

bool engine_options_check(const struct engine_options *o, struct error *err)
{
    struct engine_setup s;
    if (o->remote.url)
        return remote_setup_check(o, err);
    return engine_setup_read(&s, o, err);
}
