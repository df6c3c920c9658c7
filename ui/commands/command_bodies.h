/* SPDX-License-Identifier: MIT
 *
 * command_bodies: the functions that the rows of command.c name. `argument`: what follows the
 * command's name, "" if nothing does.
 */
#ifndef QINS_COMMAND_BODIES_H
#define QINS_COMMAND_BODIES_H

struct chat_session;

void run_help(struct chat_session *s, const char *argument); /* chat_command.c */
void run_new(struct chat_session *s, const char *argument);
void run_open(struct chat_session *s, const char *argument);
void run_save(struct chat_session *s, const char *argument);
void run_export(struct chat_session *s, const char *argument);
void run_regen(struct chat_session *s, const char *argument);
void run_edit(struct chat_session *s, const char *argument);
void run_undo(struct chat_session *s, const char *argument);
void run_continue(struct chat_session *s, const char *argument);
void run_compact(struct chat_session *s, const char *argument);
void run_branch(struct chat_session *s, const char *argument);
void run_about(struct chat_session *s, const char *argument);
void run_system(struct chat_session *s, const char *argument);
void run_preset(struct chat_session *s, const char *argument);
void run_model(struct chat_session *s, const char *argument);
void run_set(struct chat_session *s, const char *argument);
void run_json(struct chat_session *s, const char *argument);
void run_think(struct chat_session *s, const char *argument);
void run_thinking(struct chat_session *s, const char *argument);
void run_tokens(struct chat_session *s, const char *argument);
void run_compare(struct chat_session *s, const char *argument);
void run_stats(struct chat_session *s, const char *argument);
void run_bench(struct chat_session *s, const char *argument);
void run_find(struct chat_session *s, const char *argument);
void run_copy(struct chat_session *s, const char *argument);
void run_raw(struct chat_session *s, const char *argument);
void run_bare(struct chat_session *s, const char *argument);
void run_quit(struct chat_session *s, const char *argument);

#endif
