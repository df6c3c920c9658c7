/* SPDX-License-Identifier: MIT
 *
 * engine_settings: the options that an engine is started with.
 */
#ifndef QINS_ENGINE_SETTINGS_H
#define QINS_ENGINE_SETTINGS_H

#include "engine.h"
#include "options.h"

/* What engine_start needs: finds the model by path or name ("": the option "model", or the default
 * one) and the template, or what an engine elsewhere is asked with (a model of ENGINE_REMOTE; "" if
 * the option "server" says so); checks the CPU level and what a folder is converted to. out->model
 * and out->template_file are for the caller to free once the engine is started. */
bool engine_settings(const struct options *options, const char *model, struct engine_options *out,
                     struct error *err);

/* A server is set, and a model named ENGINE_REMOTE... can be asked for. */
bool engine_settings_have_server(const struct options *options);
/* Whether an engine elsewhere can be asked with these options, if they have one: address, and where
 * the key comes from. Nobody is asked. */
bool engine_settings_check_server(const struct options *options, struct error *err);

#endif
