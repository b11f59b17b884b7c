/* SPDX-License-Identifier: Apache-2.0 */
/* /proc as it is and as processes make it: texts, then a tree that looks like it. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/proc.h"
#include "runtime/proc_private.h"
#include "support.h"

/* --- texts --- */

static const struct {
  const char *name, *text;
  gboolean ok;
  guint32 root;
} maps[] = {
    {"the-host", "         0          0 4294967295\n", TRUE, 0},
    {"mapped", "         0     100000      65536\n", TRUE, 100000},
    {"keep-id", "0 1 1000\n1000 0 1\n1001 1001 64536\n", TRUE, 1},
    {"root-is-not-first", "5 100005 1\n0 7 1\n", TRUE, 7},
    {"without-root", "1000 1000 1\n", TRUE, NZ_NO_UID},
    {"not-written-yet", "", TRUE, NZ_NO_UID},
    {"of-none", "0 5 0\n", TRUE, NZ_NO_UID},
    {"cut", "0 100000", FALSE, 0},
    {"negative", "0 -1 1\n", FALSE, 0},
    {"too-large", "0 4294967296 1\n", FALSE, 0},
    {"words", "zero 0 1\n", FALSE, 0},
};

static void
test_uid_map(gconstpointer data)
{
  guint32 root;
  gsize i = GPOINTER_TO_SIZE(data);
  g_assert_cmpint(nz_uid_map_root(maps[i].text, &root), ==, maps[i].ok);
  if (maps[i].ok)
    g_assert_cmpuint(root, ==, maps[i].root);
}

#define REST " 4194560 100 0 0 0 1 2 0 0 20 0 1 0 "

static const struct {
  const char *name, *text;
  gboolean ok;
  guint64 ticks;
  guint32 terminal;
} stats[] = {
    {"plain", "12 (sh) S 1 12 12 34816 12" REST "98765 1 2\n", TRUE, 98765, 34816},
    {"without-terminal", "12 (sh) S 1 12 12 0 -1" REST "5 1\n", TRUE, 5, 0},
    {"a-name-that-looks-like-more", "12 (a) S 1 1 1 99) S 1 12 12 0 -1" REST "7 1\n", TRUE, 7, 0},
    {"a-name-with-a-line", "12 (a\nb) R 1 12 12 0 -1" REST "8 1\n", TRUE, 8, 0},
    {"cut", "12 (sh) S 1 12 12 0", FALSE, 0, 0},
    {"empty", "", FALSE, 0, 0},
    {"no-name", "12 S 1", FALSE, 0, 0},
    {"ends-at-the-name", "12 (sh)", FALSE, 0, 0},
};

static void
test_stat(gconstpointer data)
{
  guint64 ticks = 0;
  guint32 terminal = 0;
  gsize i = GPOINTER_TO_SIZE(data);
  g_assert_cmpint(nz_proc_stat_parse(stats[i].text, &ticks, &terminal), ==, stats[i].ok);
  if (stats[i].ok) {
    g_assert_cmpuint(ticks, ==, stats[i].ticks);
    g_assert_cmpuint(terminal, ==, stats[i].terminal);
  }
}

static void
test_terminals(void)
{
  static const struct {
    guint32 number;
    const char *name;
  } cases[] = {{0, ""},        {34816, "pts0"}, {34819, "pts3"}, {0x8800 | 0x100000, "pts256"},
               {1025, "tty1"}, {1281, "5:1"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    char name[NZ_TTY_LEN];
    nz_terminal_name(cases[i].number, name);
    g_assert_cmpstr(name, ==, cases[i].name);
  }
}

static void
test_status(void)
{
  NzProcStatus s;
  g_assert_true(
      nz_proc_status_parse("Name:\tUid:\\n\nTgid:\t5\nPid:\t6\nPPid:\t4\nUid:\t1\t2\t3\t4\n"
                           "NSpid:\t6\t2\t1\nThreads:\t7\n",
                           &s));
  g_assert_cmpuint(s.tgid, ==, 5);
  g_assert_cmpuint(s.ppid, ==, 4);
  g_assert_cmpuint(s.vpid, ==, 1);
  g_assert_cmpuint(s.threads, ==, 7);
  g_assert_cmpuint(s.uid, ==, 1);
  g_assert_cmpuint(s.fsuid, ==, 4);
  g_assert_false(nz_proc_status_parse("Tgid:\t5\nPPid:\t4\nUid:\t1\t2\t3\nThreads:\t1\n", &s));
  g_assert_false(nz_proc_status_parse("", &s));
}

/* --- a tree --- */

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

typedef struct {
  const char *pid, *group, *mntns, *userns, *map;
  guint ppid, vpid, start;
  guint ruid, euid;
} Fake;

static void
put(const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename(dir, name, NULL);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
link_to(const char *dir, const char *name, const char *target)
{
  g_autofree char *path = g_build_filename(dir, name, NULL);
  g_assert_cmpint(symlink(target, path), ==, 0);
}

static void
make_process(const char *proc, const Fake *f)
{
  g_autofree char *dir = g_build_filename(proc, f->pid, NULL);
  g_autofree char *ns = g_build_filename(dir, "ns", NULL);
  g_autofree char *cgroup = g_strdup_printf("0::%s\n", f->group);
  g_autofree char *status = g_strdup_printf(
      "Name:\tx\nTgid:\t%s\nPPid:\t%u\nUid:\t%u\t%u\t%u\t%u\nNSpid:\t%s\t%u\nThreads:\t1\n", f->pid,
      f->ppid, f->ruid, f->euid, f->euid, f->euid, f->pid, f->vpid);
  g_autofree char *stat =
      g_strdup_printf("%s (x) S %u 1 1 0 -1" REST "%u 0\n", f->pid, f->ppid, f->start);
  g_assert_cmpint(g_mkdir_with_parents(ns, 0755), ==, 0);
  link_to(ns, "mnt", f->mntns);
  link_to(ns, "user", f->userns);
  put(dir, "cgroup", cgroup);
  put(dir, "status", status);
  put(dir, "uid_map", f->map);
  put(dir, "stat", stat);
  put(dir, "comm", "x\n");
  put(dir, "cmdline", "");
}

#define HOST  "mnt:[1]"
#define IN_A  "mnt:[2]"
#define IN_B  "mnt:[3]"
#define USER1 "user:[1]"
#define USER2 "user:[2]"
#define FULL  "0 0 4294967295\n"
#define PART  "0 100000 65536\n"

static const Fake fakes[] = {
    {"1", "/init.scope", HOST, USER1, FULL, 0, 1, 1, 0, 0},
    /* the monitor, in the group but not inside */
    {"10", "/docker/" ID_A, HOST, USER1, FULL, 1, 10, 5, 0, 0},
    /* A starts as root; a child, an exec, an orphan of another's, a user */
    {"20", "/docker/" ID_A, IN_A, USER1, FULL, 10, 1, 10, 0, 0},
    {"21", "/docker/" ID_A "/init.scope", IN_A, USER1, FULL, 20, 2, 11, 0, 0},
    {"22", "/docker/" ID_A, IN_A, USER1, FULL, 10, 3, 12, 0, 0},
    {"23", "/docker/" ID_A, IN_A, USER1, FULL, 20, 4, 13, 1000, 1000},
    /* by its effective id alone */
    {"24", "/docker/" ID_A, IN_A, USER1, FULL, 23, 5, 14, 1000, 0},
    /* in a namespace of its own */
    {"25", "/docker/" ID_A, IN_A, USER2, "0 1000 1\n", 23, 6, 15, 1000, 1000},
    /* B is mapped: its root is another user of the host; root of the host is not its root */
    {"30", "/docker/" ID_B, IN_B, USER2, PART, 10, 1, 20, 100000, 100000},
    {"31", "/docker/" ID_B, IN_B, USER2, PART, 30, 2, 21, 101000, 101000},
    /* a service with a mount namespace of its own is no container */
    {"40", "/system.slice/x.service", IN_B, USER1, FULL, 1, 40, 30, 0, 0},
};

static const struct {
  guint pid;
  gboolean is_root;
  guint8 cause;
  guint32 root;
} expected[] = {
    {20, TRUE, NZ_CAUSE_STARTED, 0},      {21, TRUE, NZ_CAUSE_INHERITED, 0},
    {22, TRUE, NZ_CAUSE_INJECTED, 0},     {23, FALSE, NZ_CAUSE_NONE, 0},
    {24, TRUE, NZ_CAUSE_UNKNOWN, 0},      {25, TRUE, NZ_CAUSE_USERNS, 1000},
    {30, TRUE, NZ_CAUSE_STARTED, 100000}, {31, FALSE, NZ_CAUSE_NONE, 100000},
};

static void
remove_tree(const char *path)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *child = g_build_filename(path, name, NULL);
    if (!g_file_test(child, G_FILE_TEST_IS_SYMLINK) && g_file_test(child, G_FILE_TEST_IS_DIR))
      remove_tree(child);
    else
      g_remove(child);
  }
  g_remove(path);
}

static void
test_snapshot(void)
{
  g_autofree char *proc = g_dir_make_tmp("nz-proc-XXXXXX", NULL);
  g_autoptr(GError) error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(fakes); i++)
    make_process(proc, &fakes[i]);
  g_autoptr(NzSnapshot) snapshot = nz_snapshot_take(proc, &error);
  g_assert_no_error(error);
  g_assert_false(snapshot->hidden);
  g_assert_cmpuint(snapshot->processes->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
    const NzProcess *p = snapshot->processes->pdata[i];
    g_assert_cmpuint(p->record.head.pid, ==, expected[i].pid);
    g_assert_cmpint(p->is_root, ==, expected[i].is_root);
    g_assert_cmpuint(p->record.cause, ==, expected[i].cause);
    g_assert_cmpuint(p->record.root, ==, expected[i].root);
    g_assert_false(p->unreadable);
  }
  const NzProcess *child = snapshot->processes->pdata[1];
  g_assert_cmpuint(child->record.origin, ==, NZ_CAUSE_STARTED);
  g_assert_cmpuint(child->record.parents[0].pid, ==, 20);
  remove_tree(proc);
}

/* A process that cannot be read is told of, and not passed over. */
static void
test_unreadable(void)
{
  g_autofree char *proc = g_dir_make_tmp("nz-proc-XXXXXX", NULL);
  g_autofree char *status = g_build_filename(proc, "20", "status", NULL);
  make_process(proc, &fakes[0]);
  make_process(proc, &fakes[2]);
  g_assert_true(g_file_set_contents(status, "Name:\tx\n", -1, NULL));
  g_autoptr(NzSnapshot) snapshot = nz_snapshot_take(proc, NULL);
  g_assert_cmpuint(snapshot->processes->len, ==, 1);
  g_assert_true(((NzProcess *)snapshot->processes->pdata[0])->unreadable);
  g_assert_false(((NzProcess *)snapshot->processes->pdata[0])->is_root);
  remove_tree(proc);
}

static void
test_hidden(void)
{
  g_autofree char *proc = g_dir_make_tmp("nz-proc-XXXXXX", NULL);
  make_process(proc, &fakes[2]);
  g_autofree char *self = g_build_filename(proc, "self", NULL);
  g_assert_cmpint(symlink("20", self), ==, 0);
  g_autoptr(NzSnapshot) snapshot = nz_snapshot_take(proc, NULL);
  g_assert_true(snapshot->hidden);
  remove_tree(proc);
}

static void
test_no_proc(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_snapshot_take("/nonexistent", &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_IO);
}

static void
test_ourselves(void)
{
  guint64 start = 0;
  guint32 root;
  g_assert_true(nz_proc_start(getpid(), &start));
  g_autofree char *executable = nz_proc_executable(getpid(), start);
  g_assert_nonnull(strstr(executable, "test_proc"));
  g_assert_null(nz_proc_executable(getpid(), start + 1000000000)); /* another process */
  g_assert_true(nz_proc_root_uid(getpid(), &root));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(maps); i++) {
    g_autofree char *path = g_strconcat("/proc/uid-map/", maps[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_uid_map);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(stats); i++) {
    g_autofree char *path = g_strconcat("/proc/stat/", stats[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_stat);
  }
  g_test_add_func("/proc/terminals", test_terminals);
  g_test_add_func("/proc/status", test_status);
  g_test_add_func("/proc/snapshot", test_snapshot);
  g_test_add_func("/proc/unreadable", test_unreadable);
  g_test_add_func("/proc/hidden", test_hidden);
  g_test_add_func("/proc/no-proc", test_no_proc);
  g_test_add_func("/proc/ourselves", test_ourselves);
  return g_test_run();
}
