/* SPDX-License-Identifier: MIT
 *
 * places: where the program's files are: the user's folder, the installed data, the source tree.
 */
#ifndef QINS_PLACES_H
#define QINS_PLACES_H

#include "base.h"

/* $XDG_CONFIG_HOME/qins if that is an absolute path, else $HOME/.config/qins; NULL when neither
 * is set. Caller frees. */
char *places_user_folder(void);
/* A file in it; NULL when there is no such folder. Caller frees. */
char *places_user_file(const char *name);
/* $XDG_STATE_HOME/qins, or $HOME/.local/state/qins, in the same way. */
char *places_state_folder(void);
/* $XDG_CACHE_HOME/qins, or $HOME/.cache/qins: what may be removed at any time. */
char *places_cache_folder(void);
/* Creates a folder and missing parents, mode 0700; takes the rights of others from one that is
 * there. One that belongs to somebody else is refused. */
bool places_make_private(const char *folder, struct error *err);
/* A file or folder of the installed data (default.yaml, presets, models/starter.qins): from
 * $QINS_DATA_DIR alone if that is set, else from the installation, else from share/qins beside
 * the program's folder, else from the source tree that it was built in (not in packages).
 * -> its path whether it exists or not; caller frees. */
char *places_data_file(const char *name);

/* A path as a person gives it, wherever one is given: "~" and "~/x" are in $HOME, as in a shell;
 * all else is as it stands (a file called ~ is ./~). Caller frees. */
char *places_typed(const char *path);
/* The same for words of a command line: kept until the program ends. NULL stays NULL. */
const char *places_typed_word(const char *path);

/* $XDG_DATA_HOME/qins/models, or $HOME/.local/share/qins/models, in the same way. */
char *places_models_folder(void);

#endif
