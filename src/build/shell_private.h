/* SPDX-License-Identifier: Apache-2.0 */
/* How shell text is split: it is parsed into a tree (shell_word.c, shell_parse.c), and the tree is
 * walked in the order in which a shell would run it (shell_walk.c), with the variables that are
 * known (shell_vars.c) put into words (shell_expand.c). What a command is given to run (eval,
 * sh -c, a heredoc for sh) is parsed and walked where it stands (shell_nested.c).
 *
 * All memory is of one arena, which the result keeps. Offsets in the tree are those of its source;
 * a source knows where each byte of it stands in the text that was split first. */
#pragma once

#include "build/shell.h"

/* --- memory (shell_text.c) --- */

typedef struct ShBlock ShBlock;
typedef struct {
  ShBlock *blocks; /* the newest first */
} ShArena;

gpointer nz_sh_alloc(ShArena *arena, gsize size); /* zeroed */
char *nz_sh_strndup(ShArena *arena, const char *text, gsize len);
void nz_sh_arena_clear(ShArena *arena);
#define sh_new(arena, type) ((type *)nz_sh_alloc((arena), sizeof(type)))

/* --- sources (shell_text.c) --- */

/* In a source that was put together, what cannot be known is one byte, which no syntax uses, so
 * that it is never read as shell text a second time. */
#define SH_OPAQUE '\001'

typedef struct {
  gsize at;         /* from here on the text (to the next piece) */
  gsize start, end; /* stands here in the text that was split first */
  gboolean flat;    /* it is not the same bytes: all of it stands for all of that */
  const char *raw;  /* not NULL: it is SH_OPAQUE for this, which cannot be known */
} ShPiece;

typedef struct {
  const char *data;
  gsize len;
  const ShPiece *pieces; /* by at; NULL: this is the text that was split first */
  guint n_pieces;
} ShSource;

gsize nz_sh_map_start(const ShSource *source, gsize at);
gsize nz_sh_map_end(const ShSource *source, gsize end);

/* Text that is put together, with its pieces. */
typedef struct {
  GString *text;
  GArray *pieces; /* ShPiece */
} ShText;

void nz_sh_text_add(ShText *text, const ShSource *source, gsize start, gsize end, gboolean *known);
void nz_sh_text_add_flat(ShText *text, const char *bytes, gsize len, gsize start, gsize end);
void nz_sh_text_add_raw(ShText *text, const char *raw, gsize len, gsize start, gsize end);
/* Bytes of a source as they may be shown, without SH_OPAQUE. */
char *nz_sh_raw(ShArena *arena, const ShSource *source, gsize start, gsize end, gsize *len);
/* A source of LEN bytes of TEXT, copied. */
ShSource *nz_sh_source(ShArena *arena, const char *text, gsize len, const ShPiece *pieces, guint n);

/* --- the tree --- */

typedef struct ShNode ShNode;
typedef struct ShPart ShPart;
typedef struct ShPipeline ShPipeline;

typedef enum {
  SH_LITERAL,
  SH_PARAMETER, /* $v, ${v...} */
  SH_COMMAND,   /* $(...), `...` */
  SH_MATH,      /* $((...)) */
  SH_PROCESS,   /* <(...) */
} ShPartKind;

typedef enum {
  SH_PLAIN,
  SH_DEFAULT,  /* ${v-x} */
  SH_ASSIGN,   /* ${v=x} */
  SH_INSTEAD,  /* ${v+x} */
  SH_REQUIRED, /* ${v?x} */
  SH_PREFIX,   /* ${v#p} */
  SH_SUFFIX,   /* ${v%p} */
  SH_REPLACE,  /* ${v/p/r} */
  SH_OTHER,    /* what is not followed */
} ShOperator;

struct ShPart {
  ShPartKind kind;
  ShOperator op;
  gboolean quoted;
  gboolean twice;   /* the operator stands twice ("##"), or with a colon (":-") */
  char subscript;   /* 0, '@', '*', or '[': a number that is in index */
  guint index;      /* of subscript */
  gsize start, end; /* in the source */
  const char *text; /* of a literal; the name of a parameter */
  gsize len;        /* of that */
  gboolean decoded; /* a literal that is not the bytes which stand there */
  ShPart *operand;  /* of a parameter; what is in $((...)) */
  ShPart *operand2; /* of SH_REPLACE */
  ShPipeline *list; /* of SH_COMMAND and SH_PROCESS */
  ShPart *next;
};

typedef struct ShWord {
  const ShSource *source;
  ShPart *parts;
  gsize start, end;
  gboolean brace;   /* an unquoted "{" is in it */
  gsize name_len;   /* of the name, when it is NAME=..., NAME+=... */
  gboolean append;  /* += */
  gboolean array;   /* NAME=(...): elements are in it */
  gboolean element; /* NAME[...]=... */
  struct ShWord *elements;
  struct ShWord *next;
} ShWord;

typedef struct ShRedirect {
  const char *op; /* static */
  int fd;
  ShWord *word;
  struct ShRedirect *next;
  /* of a heredoc, until its body is read */
  struct ShRedirect *next_pending;
  const char *delimiter;
  gsize delimiter_len;
  gboolean as_is; /* it was quoted: nothing is expanded */
} ShRedirect;

typedef enum {
  SH_SIMPLE,
  SH_GROUP,      /* { body } */
  SH_SUBSHELL,   /* ( body ) */
  SH_IF,         /* condition, body, other: NULL, SH_IF or SH_GROUP */
  SH_LOOP,       /* while, until: condition, body */
  SH_FOR,        /* name, words, body */
  SH_CASE,       /* words: the subject; other: chain of SH_ITEM */
  SH_ITEM,       /* words: the patterns; body */
  SH_FUNCTION,   /* name; other: its body */
  SH_TEST,       /* [[ words ]] */
  SH_ARITHMETIC, /* (( math )) */
} ShNodeKind;

struct ShNode {
  ShNodeKind kind;
  const ShSource *source;
  gsize start, end;
  ShWord *assignments, *words;
  ShRedirect *redirects;
  const char *name;
  gboolean given; /* SH_FOR: it has "in"; SH_ITEM: it falls through to the next */
  ShPart *math;
  ShPipeline *condition, *body;
  ShNode *other;
  ShNode *next; /* of a pipeline; of SH_ITEM */
};

struct ShPipeline {
  NzShellJoin join;
  gboolean background;
  gboolean negated; /* "!" stands before it */
  ShNode *nodes;
  ShPipeline *next;
};

/* --- parsing --- */

typedef struct {
  ShArena *arena;
  const char *unsplit; /* the first that went wrong */
  gsize unsplit_at;
  gboolean exhausted;         /* a limit was met: nothing more is done */
  guint n_nodes, n_words;     /* of trees */
  guint n_commands, n_fields; /* of the result */
  guint n_steps;              /* nodes that were walked */
  gsize n_bytes;              /* of words that were put together */
  gsize n_matched;            /* bytes that patterns were tried on */
} ShBudget;

void nz_sh_exhaust(ShBudget *budget, const char *why, gsize at);
/* So many bytes are made of what stands at AT. */
void nz_sh_spend(ShBudget *budget, gsize bytes, gsize at);

typedef struct {
  ShBudget *budget;
  const ShSource *source;
  const char *s;
  gsize at, end;
  guint depth;
  gboolean failed; /* then at is end */
  gboolean brace;  /* an unquoted "{" was met */
  ShRedirect *pending, **pending_tail;
} ShParser;

/* All of SOURCE from AT on, DEPTH levels deep in others; what could be parsed, when not all could.
 */
ShPipeline *nz_sh_parse(ShBudget *budget, const ShSource *source, gsize at, guint depth);

/* Of shell_parse.c and shell_word.c, for each other. */
void nz_sh_fail(ShParser *p, gsize at, const char *why);
gboolean nz_sh_enter(ShParser *p); /* one level deeper; FALSE: too deep, which was said */
ShPipeline *nz_sh_parse_list(ShParser *p);
ShWord *nz_sh_parse_word(ShParser *p);
/* A word of [[ ]], in which brackets and "|" may stand when it is a regular expression. */
ShWord *nz_sh_parse_regex(ShParser *p);
ShPart *nz_sh_parse_heredoc(ShParser *p);
ShPart *nz_sh_parse_math(ShParser *p, gsize end);
/* Where the "))" stands that ends the arithmetic which begins at AT; 0: it is none. */
gsize nz_sh_find_math_end(const ShParser *p, gsize at);
/* Of shell_redirect.c. */
gboolean nz_sh_at_redirect(ShParser *p);
ShRedirect *nz_sh_parse_redirect(ShParser *p);
void nz_sh_read_heredocs(ShParser *p); /* behind the end of a line */

int nz_sh_peek(ShParser *p); /* the next byte, past continued lines; -1 at the end */
int nz_sh_peek_at(const ShParser *p, gsize ahead);
void nz_sh_skip_blanks(ShParser *p); /* and comments */
gboolean nz_sh_is_meta(int c);       /* it ends a word */
gboolean nz_sh_is_name_start(int c);
gboolean nz_sh_is_name(int c);

/* --- variables (shell_vars.c) --- */

/* A word as it comes out. The first member is what the caller sees. */
typedef struct {
  NzShellWord word;
  const ShPiece *pieces; /* where its bytes stand, when it may be shell text; or NULL */
  guint n_pieces;
} ShField;

void nz_sh_text_add_field(ShText *text, const ShField *field);

typedef enum {
  SH_ABSENT,  /* nothing was heard of it */
  SH_UNKNOWN, /* it was assigned something that is not known, or perhaps */
  SH_UNSET,   /* it is known to be unset */
  SH_SET,
} ShState;

typedef struct {
  ShState state;
  gboolean array;
  gboolean glob; /* it stands for what files match it */
  const char *const *texts;
  guint n;
} ShValue;

typedef struct ShVariable ShVariable;

typedef struct {
  ShArena *arena;
  GHashTable *table; /* ShVariable by name; made when first asked for */
  const char *const *environment;
  GArray *journal;   /* what was changed, with what was there before */
  gboolean doubtful; /* a file was sourced: what is absent may be set */
  gboolean shifted;  /* nz_sh_taint_assigned() has seen set or shift */
} ShVariables;

void nz_sh_variables_clear(ShVariables *self);
const ShValue *nz_sh_get(ShVariables *self, const char *name, gsize len);
void nz_sh_set(ShVariables *self, const char *name, gsize len, const ShValue *value);
void nz_sh_set_text(ShVariables *self, const char *name, gsize len, const char *text);
void nz_sh_set_unknown(ShVariables *self, const char *name, gsize len);
guint nz_sh_mark(const ShVariables *self);
/* All is again as it was at MARK (a subshell ended). */
void nz_sh_restore(ShVariables *self, guint mark);
/* What was changed since MARK is unknown: it was perhaps not changed. */
void nz_sh_taint(ShVariables *self, guint mark);
/* What commands of LIST assign is unknown: they may have run before. */
void nz_sh_taint_assigned(ShVariables *self, const ShPipeline *list);
void nz_sh_taint_math(ShVariables *self, const char *text, gsize len);

/* --- walking --- */

/* Redirections of compound commands hold for all in them. */
typedef struct ShInherited {
  GPtrArray *redirects; /* NzShellRedirect */
  struct ShInherited *outer;
  guint n_used; /* commands that have got them */
} ShInherited;

typedef struct {
  gboolean maybe;
  gboolean last; /* when it fails, all fails */
  guint depth;   /* as NzShellCommand has it */
  guint level;   /* of nesting, of any kind */
  guint shell;
  guint copies; /* how often what is in loops is walked */
  ShInherited *inherited;
  /* Of the first command that is met. */
  gboolean first;
  NzShellJoin join;
  guint pipeline;
} ShContext;

typedef struct {
  ShField **fields;
  guint n;
  gboolean known;
} ShArguments;

typedef struct ShFunction {
  const char *name;
  const ShNode *body;
  gboolean maybe; /* it was perhaps not defined */
  gboolean called, active;
} ShFunction;

typedef struct {
  ShBudget *budget;
  ShVariables variables;
  GPtrArray *commands;
  GPtrArray *none;       /* empty: arrays of commands that have nothing in them */
  GHashTable *functions; /* ShFunction by name; or NULL */
  GPtrArray *function_list;
  ShArguments arguments; /* $1, $2, ... */
  GPtrArray *spare;      /* ShText that are not in use */
  guint n_pipelines, n_shells;
} ShWalker;

void nz_sh_walk(ShWalker *w, const ShPipeline *list, const ShContext *context);
/* The same with what is left at the end of the text. */
void nz_sh_walk_all(ShWalker *w, const ShPipeline *list, const ShContext *context);
/* LIST, which stands in a word. */
void nz_sh_walk_substitution(ShWalker *w, const ShPipeline *list, const ShContext *context);
/* One level deeper. FALSE: too deep, which is said of AT. */
gboolean nz_sh_deepen(ShWalker *w, ShContext *context, gsize at);
/* What COMMAND, whose words are FIELDS, does to variables, and what it gives a shell to run. */
void nz_sh_builtin(ShWalker *w, NzShellCommand *command, const ShContext *context);
void nz_sh_nested(ShWalker *w, NzShellCommand *command, const ShContext *context);
NzShellCommand *nz_sh_emit(ShWalker *w, const ShContext *context, GPtrArray *words);

/* --- words (shell_expand.c) --- */

/* The fields of WORD into OUT (ShField). */
void nz_sh_expand(ShWalker *w, const ShContext *context, const ShWord *word, GPtrArray *out);
/* WORD as one field: nothing is split. */
ShField *nz_sh_expand_one(ShWalker *w, const ShContext *context, const ShWord *word);
/* The same for parts alone. As a pattern: what was quoted is escaped in it. */
ShField *nz_sh_expand_parts(ShWalker *w, const ShContext *context, const ShWord *word,
                            const ShPart *parts, gboolean pattern);
/* The assignment WORD: its field is NAME=value; the variable gets the value when KEEP. */
ShField *nz_sh_expand_assignment(ShWalker *w, const ShContext *context, const ShWord *word,
                                 gboolean keep);
/* Lists of parts that "{a,b}" in PARTS stands for; at least one. */
GPtrArray *nz_sh_brace(ShBudget *budget, ShPart *parts);

/* --- patterns (shell_glob.c) --- */

typedef enum { SH_NO_MATCH, SH_MATCH, SH_MATCH_UNKNOWN } ShMatch;
ShMatch nz_sh_match(ShBudget *budget, const char *pattern, const char *text, gsize len);
/* TEXT without what PATTERN matches at its begin or end; NULL: that is not followed. */
char *nz_sh_trim(ShBudget *budget, const char *text, const char *pattern, gboolean suffix,
                 gboolean longest);
char *nz_sh_replace(ShBudget *budget, const char *text, const char *pattern, const char *with,
                    gboolean all);
