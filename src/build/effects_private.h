/* SPDX-License-Identifier: Apache-2.0 */
/* How commands are followed. To add one: a handler in the file of its topic, and a line in the
 * table of effects_table.c. */
#pragma once

#include "build/effects.h"

#define NZ_BIT_SETUID 04000
#define NZ_BIT_SETGID 02000
#define NZ_BIT_STICKY 01000
#define NZ_BIT_SETID  (NZ_BIT_SETUID | NZ_BIT_SETGID)

/* --- a run --- */

/* What find -perm looked for, until something is done to it. */
typedef struct {
  GPtrArray *roots; /* char *: absolute paths; NULL: no such find */
  guint16 bits;     /* files with any of these are all found */
  guint at;         /* the command, in run->text */
} NzFound;

/* What holds for a subshell. */
typedef struct {
  char *cwd;           /* NULL: not known */
  gboolean root;       /* commands run as root */
  gboolean inner_root; /* so do those that its last command was given to run */
} NzFrame;

typedef struct NzRun NzRun;
struct NzRun {
  NzStageState *state;
  const NzShellText *text;
  const NzJoined *joined;
  NzSourceFile *source;
  GArray *frames; /* NzFrame, one for each depth of subshells */
  NzFound found;
  GPtrArray *virtuals; /* char *: apk's "-t NAME", then its packages, then "" */
  gboolean said_root, said_tool;
};

/* A command, without what only starts it (sudo, env, nice). */
typedef struct {
  NzRun *run;
  const NzShellCommand *command;
  guint index;               /* in run->text */
  NzShellWord *const *words; /* the first is the command */
  guint n;
  const char *name; /* base name */
  gboolean root;    /* it runs as root */
  gboolean piped;   /* words are more, by xargs */
  guint hops;       /* commands of a pipeline that were gone back from the one that runs */
  gboolean maybe;
} NzCall;

typedef void (*NzEffect)(NzCall *call);

typedef enum {
  NZ_NEEDS_NO_ROOT, /* or the handler says */
  NZ_NEEDS_ROOT,
} NzNeed;

typedef struct {
  const char *name;
  NzEffect run; /* NULL: it is known to do nothing of interest */
  NzNeed need;
} NzEffectCommand;

/* The command called NAME, or NULL. */
const NzEffectCommand *nz_effect_named(const char *name);

/* The shell text that the command is given (su -c, sudo sh -c), which follows it one level deeper,
 * runs as root or not. */
void nz_call_set_inner_root(NzCall *call, gboolean root);
NzFrame *nz_run_frame(const NzRun *run);

/* --- what handlers say --- */

/* Adds an act at WORD (NULL: the command); NULL when there are NZ_ACTS_MAX. */
NzAct *nz_call_act(NzCall *call, NzActKind kind, const NzShellWord *word, const char *what,
                   const char *how);
NzPlace *nz_call_place(const NzCall *call, const NzShellWord *word);
/* Setuid bits and capabilities of FROM, or of what is in it, are TO's too, or TO's alone. */
void nz_call_carry(NzCall *call, const char *from, const char *to, gboolean moved);
/* Does HOW need root, and is the user none? Said once a RUN. */
void nz_call_needs_root(NzCall *call, const NzShellWord *word, const char *how);
/* "chmod u+s" */
char *nz_call_how(const NzCall *call, const NzShellWord *word);
/* The absolute path that WORD means; NULL: nobody can know. */
char *nz_call_path(const NzCall *call, const NzShellWord *word);
/* Who owns what the command makes: "root", "app". */
void nz_call_owner(const NzCall *call, char **owner, char **group);
/* Accounts may not be what they were: for "useradd $NAME", why. */
void nz_call_doubt(NzCall *call, const char *why);

/* --- options --- */

typedef enum { NZ_NO_VALUE, NZ_VALUE, NZ_VALUE_OPTIONAL } NzOptionValue;

/* Rows of the same name are one option. The table ends with a row without a name. */
typedef struct {
  char letter; /* 0: none */
  const char *name;
  NzOptionValue value;
} NzOption;

typedef struct {
  const char *name;        /* of the table */
  const char *value;       /* or NULL */
  const NzShellWord *word; /* that holds the value, or the option */
} NzGiven;

typedef enum {
  NZ_ARGS_ANYWHERE = 0,       /* options may follow operands */
  NZ_ARGS_FIRST = 1 << 0,     /* they end at the first operand */
  NZ_ARGS_LONG_DASH = 1 << 1, /* "-uid" is "--uid" (Perl's Getopt::Long) */
} NzArgumentsStyle;

typedef struct {
  GArray *given;       /* NzGiven */
  GPtrArray *operands; /* NzShellWord, not owned */
} NzArguments;

void nz_arguments_clear(NzArguments *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzArguments, nz_arguments_clear)

/* WORDS after the first, N in all with it. */
NzArguments nz_arguments_read(NzShellWord *const *words, guint n, const NzOption *options,
                              NzArgumentsStyle style);
/* The last that was given, or NULL. */
const NzGiven *nz_given(const NzArguments *self, const char *name);
const char *nz_given_value(const NzArguments *self, const char *name);
/* Operand I, or NULL. */
const NzShellWord *nz_operand(const NzArguments *self, guint i);

/* --- places in the image --- */

/* What an operand names: a path, all below it, all of a name in a directory. */
typedef struct {
  char *path;         /* absolute; of a glob with the glob; NULL: not known */
  char *shown;        /* for people */
  gboolean recursive; /* and all below it */
  gboolean glob;      /* one "*" in the last part */
} NzTarget;

void nz_target_clear(NzTarget *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzTarget, nz_target_clear)

NzTarget nz_target_of(const NzCall *call, const NzShellWord *word, gboolean recursive);
gboolean nz_target_holds(const NzTarget *self, const char *path);
/* The facts it holds; that of its own path is made when there is none. To be freed. */
GPtrArray *nz_target_facts(NzStageState *state, const NzTarget *self);

typedef enum {
  NZ_FILE_OTHER,
  NZ_FILE_PASSWD,
  NZ_FILE_GROUP,
  NZ_FILE_SHADOW,
  NZ_FILE_SUDOERS,
} NzFileKind;

NzFileKind nz_file_kind(const char *path);
/* /usr/bin and its like. */
gboolean nz_is_program_directory(const char *path);
/* TRUE where PATH is a directory in all images, or a fact says so. */
gboolean nz_is_directory(const NzStageState *state, const char *path);
/* May USER write PATH, by what is known? */
typedef enum { NZ_WRITES_UNKNOWN, NZ_WRITES_NOT, NZ_WRITES } NzWrites;
NzWrites nz_user_writes(const NzStageState *state, const NzUser *user, const NzPathFact *fact);

/* Takes away acts of KIND whose path TARGET holds. */
void nz_disarm(NzStageState *state, NzActKind kind, const NzTarget *target);
/* PATH was given MODE (07777); SET are those of its bits that were set on purpose. */
void nz_mode_acts(NzCall *call, const NzShellWord *word, const NzTarget *target, guint16 mode,
                  guint16 set, gboolean exact, const char *how);
gboolean nz_is_root_name(const char *owner);
/* Of a file that says who may become root. */
gboolean nz_account_file_held(const NzTarget *target);

typedef struct {
  guint16 set, clear; /* bits that are set and cleared whatever they were */
  gboolean exact;     /* octal: no other bits are left */
} NzModeChange;

/* The mode of a chmod, or NULL. */
const NzShellWord *nz_chmod_read(const NzCall *call, NzModeChange *change);
/* chmod of files that nobody knows: SHOWN says which, for people. */
void nz_chmod_unknown(NzCall *call, const NzShellWord *mode_word, const char *shown,
                      gboolean directories);
/* Acts of what TARGET holds are taken back, as it loses the bits CLEAR. */
void nz_mode_cleared(NzCall *call, const NzTarget *target, guint16 clear);
/* What find found loses BITS. */
void nz_found_cleared(NzCall *call, guint16 bits);
/* "chown app {}" of all below ROOTS. */
void nz_found_chowned(NzCall *call, const GPtrArray *roots);
/* OLD, changed as chmod does for the mode TEXT; OLD where that is none. */
guint16 nz_mode_apply(const char *text, guint16 old);

/* --- packages --- */

/* Setuid bits of packages are gone from what TARGET holds: BITS of them. */
void nz_packages_disarm(NzStageState *state, const NzTarget *target, guint16 bits);

/* --- text that is written to files --- */

/* Acts of TEXT, which is now in sudoers. */
void nz_sudoers_written(NzCall *call, const NzShellWord *word, const char *text);
/* PATH is replaced by what nobody knows: cp, mv, curl -o. */
void nz_file_replaced(NzCall *call, const NzShellWord *word, const char *path);
void nz_redirects(NzCall *call);

/* --- what is not followed (effects_doubts.c): what passwd and group held is forgotten --- */

/* A command that is not known, or runs a program text, and names one of them. */
void nz_doubt_unknown(NzCall *call);
/* Patterns in words of the command that they match. */
void nz_doubt_patterns(NzCall *call);
void nz_doubt_removed(NzCall *call, const NzShellWord *word, gboolean recursive);
/* cp, mv and their like of SOURCE to DEST; OVER: onto it, not into it. */
void nz_doubt_landed(NzCall *call, const NzShellWord *source, const NzShellWord *dest,
                     gboolean over);
/* A command that xargs gives words to. */
void nz_doubt_passed_on(NzCall *call);
void nz_doubt_found(NzCall *call);
void nz_doubt_all(NzCall *call);
/* What comes in: by a pipe, a heredoc; or NULL. */
char *nz_call_input(NzCall *call);

/* --- handlers --- */

void nz_effect_useradd(NzCall *call);
void nz_effect_usermod(NzCall *call);
void nz_effect_userdel(NzCall *call);
void nz_effect_groupadd(NzCall *call);
void nz_effect_groupmod(NzCall *call);
void nz_effect_groupdel(NzCall *call);
void nz_effect_gpasswd(NzCall *call);
void nz_effect_passwd(NzCall *call);
void nz_effect_chpasswd(NzCall *call);
void nz_effect_account_edit(NzCall *call);
void nz_effect_adduser(NzCall *call);
void nz_effect_addgroup(NzCall *call);
void nz_effect_deluser(NzCall *call);
void nz_effect_delgroup(NzCall *call);
void nz_effect_chmod(NzCall *call);
void nz_effect_statoverride(NzCall *call);
void nz_effect_chown(NzCall *call);
void nz_effect_chgrp(NzCall *call);
void nz_effect_install(NzCall *call);
void nz_effect_mkdir(NzCall *call);
void nz_effect_cp(NzCall *call);
void nz_effect_mv(NzCall *call);
void nz_effect_ln(NzCall *call);
void nz_effect_rm(NzCall *call);
void nz_effect_touch(NzCall *call);
void nz_effect_setcap(NzCall *call);
void nz_effect_find(NzCall *call);
void nz_effect_sed(NzCall *call);
void nz_effect_tee(NzCall *call);
void nz_effect_dd(NzCall *call);
void nz_effect_download(NzCall *call);
void nz_effect_apt(NzCall *call);
void nz_effect_apk(NzCall *call);
void nz_effect_dnf(NzCall *call);
void nz_effect_dpkg(NzCall *call);
void nz_effect_pip(NzCall *call);
void nz_effect_su(NzCall *call);
void nz_effect_script(NzCall *call);

/* Shared by useradd and adduser. */
void nz_account_new(NzCall *call, const NzNewUser *user, const NzShellWord *uid_word,
                    const NzShellWord *name_word);
void nz_account_member(NzCall *call, const NzShellWord *word, const char *user, const char *group);
/* The number that a GIVEN option says: FALSE when it says none that is known. -1: it was not given.
 */
gboolean nz_given_number(const NzArguments *args, const char *name, gint64 *number);
void nz_account_home(NzCall *call, const char *name, const char *home);
