/* SPDX-License-Identifier: Apache-2.0 */
/* A reader turned hostile. Each attempt runs in a child that has confined itself to one file and
 * one directory, in its first thread and in a later one, and must fail or end the child. Those that
 * anybody may do are also made without confinement, where they must work: otherwise the test would
 * show nothing.
 *
 * A kernel without Landlock or seccomp cannot run these tests: they say so, and fail where CI is
 * set. Sanitizer builds never confine themselves, and have only the tests of what still works. */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What every child is confined to, and what is beside it. Made by main(). */
static char *folder, *input, *sibling, *directory, *nested, *output, *fifo;
static int output_fd; /* opened before the confinement */
static pid_t parent;

static void
confine(void)
{
  const char *const readable[] = {input, directory, fifo, "/nowhere/at/all", NULL};
  nz_confine(readable, NULL);
}

/* --- attempts: -1 with errno when refused, as system calls are --- */

typedef long (*Attempt)(void);

static long
open_as(const char *path, int flags)
{
  return openat(AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static long
open_by_openat2(const char *path, int flags)
{
  struct open_how how = {.flags = (guint64)flags, .mode = flags & O_CREAT ? 0600 : 0};
  return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static char *
beside(const char *name)
{
  return g_build_filename(folder, name, NULL);
}

#define ATTEMPT(name, expression)                                                                  \
  static long name(void)                                                                           \
  {                                                                                                \
    return (long)(expression);                                                                     \
  }

ATTEMPT(read_passwd, open_as("/etc/passwd", O_RDONLY))
ATTEMPT(read_passwd_by_openat2, open_by_openat2("/etc/passwd", O_RDONLY))
ATTEMPT(read_sibling, open_as(sibling, O_RDONLY))
ATTEMPT(read_above, open_as(g_strconcat(directory, "/../sibling", NULL), O_RDONLY))
ATTEMPT(list_folder, open_as(folder, O_RDONLY | O_DIRECTORY))
ATTEMPT(list_root, open_as("/", O_RDONLY | O_DIRECTORY))
ATTEMPT(read_output, open_as(output, O_RDONLY))
ATTEMPT(read_parents_memory, open_as(g_strdup_printf("/proc/%d/mem", parent), O_RDONLY))
ATTEMPT(read_own_environment, open_as("/proc/self/environ", O_RDONLY))
ATTEMPT(write_input, open_as(input, O_WRONLY))
ATTEMPT(write_input_by_openat2, open_by_openat2(input, O_RDWR))
ATTEMPT(empty_input, open_as(input, O_RDONLY | O_TRUNC))
ATTEMPT(write_output_again, open_as(output, O_WRONLY))
ATTEMPT(write_nested, open_by_openat2(nested, O_WRONLY))
ATTEMPT(create_file, open_as(beside("new"), O_WRONLY | O_CREAT))
ATTEMPT(create_file_by_openat2, open_by_openat2(beside("new"), O_WRONLY | O_CREAT))
ATTEMPT(create_in_input, open_by_openat2(g_strconcat(directory, "/new", NULL), O_RDWR | O_CREAT))
ATTEMPT(create_unnamed, open_as(folder, O_TMPFILE | O_RDWR))
ATTEMPT(create_directory, mkdir(beside("new"), 0700))
ATTEMPT(create_link, symlink("/etc/passwd", beside("new")))
ATTEMPT(create_name, link(sibling, beside("new")))
ATTEMPT(create_fifo, mkfifo(beside("new"), 0600))
ATTEMPT(remove_sibling, unlink(sibling))
ATTEMPT(remove_nested, unlink(nested))
ATTEMPT(rename_sibling, rename(sibling, beside("new")))
ATTEMPT(truncate_sibling, truncate(sibling, 0))
ATTEMPT(chmod_input, chmod(input, 0777))
ATTEMPT(chmod_output, fchmod(output_fd, 0777))
ATTEMPT(run_program, execl("/bin/true", "true", NULL))
ATTEMPT(run_program_at,
        syscall(SYS_execveat, AT_FDCWD, "/bin/true", (char *[]){NULL}, (char *[]){NULL}, 0))
ATTEMPT(clone_process, syscall(SYS_clone, (long)SIGCHLD, 0, 0, 0, 0))
ATTEMPT(clone_namespace,
        syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWNET, 0, 0, 0, 0))
ATTEMPT(clone_by_clone3, syscall(SYS_clone3, NULL, 0))
ATTEMPT(trace_parent, syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, parent, 0, 0))
ATTEMPT(read_parent, syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0))
ATTEMPT(signal_parent, kill(parent, 0))
ATTEMPT(signal_parents_thread, syscall(SYS_tgkill, parent, parent, 0))
ATTEMPT(hold_parent, syscall(SYS_pidfd_open, parent, 0))
ATTEMPT(limit_parent,
        syscall(SYS_prlimit64, parent, 7 /* RLIMIT_NOFILE */, &(guint64[2]){64, 64}, NULL))
ATTEMPT(open_socket, syscall(SYS_socket, 1, 1, 0))
ATTEMPT(pair_sockets, syscall(SYS_socketpair, 1, 1, 0, (int[2]){0}))
ATTEMPT(connect_somewhere, syscall(SYS_connect, 0, NULL, 0))
ATTEMPT(become_root, syscall(SYS_setuid, 0))
ATTEMPT(become_group, syscall(SYS_setresgid, 0, 0, 0))
ATTEMPT(take_capabilities, syscall(SYS_capset, NULL, NULL))
ATTEMPT(make_namespace, syscall(SYS_unshare, CLONE_NEWUSER))
ATTEMPT(enter_namespace, syscall(SYS_setns, 0, 0))
ATTEMPT(change_root, syscall(SYS_chroot, "/"))
ATTEMPT(change_directory, syscall(SYS_chdir, "/"))
ATTEMPT(mount_something, syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL))
ATTEMPT(unmount_something, syscall(SYS_umount2, "/nowhere", 0))
ATTEMPT(open_by_handle, syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0))
ATTEMPT(use_bpf, syscall(SYS_bpf, 0, NULL, 0))
ATTEMPT(use_perf, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0))
ATTEMPT(use_io_uring, syscall(SYS_io_uring_setup, 1, NULL))
ATTEMPT(use_userfaultfd, syscall(SYS_userfaultfd, 0))
ATTEMPT(use_keys, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
ATTEMPT(use_memfd, syscall(SYS_memfd_create, "m", 0))
ATTEMPT(load_module, syscall(SYS_init_module, NULL, 0, NULL))
ATTEMPT(type_on_terminal, ioctl(0, TIOCSTI, "x"))
ATTEMPT(signal_by_descriptor, fcntl(output_fd, F_SETOWN, parent))
ATTEMPT(clear_protection, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ATTEMPT(number_past_the_table, syscall(5000))

static long
result_of_mmap(void *p)
{
  return p == MAP_FAILED ? -1 : 0;
}

ATTEMPT(map_code, result_of_mmap(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
ATTEMPT(make_code,
        mprotect(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096,
                 PROT_READ | PROT_EXEC))

#ifdef __x86_64__
ATTEMPT(fork_process, syscall(SYS_fork))
ATTEMPT(write_by_open, syscall(SYS_open, input, O_WRONLY))
ATTEMPT(call_by_x32, syscall(0x40000000 | SYS_getpid))

/* The 32-bit entry has other numbers: 20 is getpid. */
static long
call_by_i386(void)
{
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
#endif

typedef enum { REFUSED, DIES } Fate;

/* EVERYBODY: works without confinement, for any user. */
#define EVERYBODY TRUE

static const struct {
  const char *name;
  Attempt attempt;
  Fate fate;
  gboolean everybody;
} attempts[] = {
    {"read-passwd", read_passwd, REFUSED, EVERYBODY},
    {"read-passwd-by-openat2", read_passwd_by_openat2, REFUSED, EVERYBODY},
    {"read-sibling", read_sibling, REFUSED, EVERYBODY},
    {"read-above", read_above, REFUSED, EVERYBODY},
    {"list-folder", list_folder, REFUSED, EVERYBODY},
    {"list-root", list_root, REFUSED, EVERYBODY},
    {"read-output", read_output, REFUSED, EVERYBODY},
    {"read-parents-memory", read_parents_memory, REFUSED, FALSE},
    {"read-own-environment", read_own_environment, REFUSED, EVERYBODY},
    {"write-input", write_input, REFUSED, EVERYBODY},
    {"write-input-by-openat2", write_input_by_openat2, REFUSED, EVERYBODY},
    {"empty-input", empty_input, REFUSED, FALSE},
    {"write-output-again", write_output_again, REFUSED, EVERYBODY},
    {"write-nested", write_nested, REFUSED, EVERYBODY},
    {"create-file", create_file, REFUSED, EVERYBODY},
    {"create-file-by-openat2", create_file_by_openat2, REFUSED, EVERYBODY},
    {"create-in-input", create_in_input, REFUSED, EVERYBODY},
    {"create-unnamed", create_unnamed, REFUSED, FALSE},
    {"create-directory", create_directory, REFUSED, EVERYBODY},
    {"create-link", create_link, REFUSED, EVERYBODY},
    {"create-name", create_name, REFUSED, EVERYBODY},
    {"create-fifo", create_fifo, REFUSED, EVERYBODY},
    {"remove-sibling", remove_sibling, REFUSED, FALSE},
    {"remove-nested", remove_nested, REFUSED, FALSE},
    {"rename-sibling", rename_sibling, REFUSED, FALSE},
    {"truncate-sibling", truncate_sibling, REFUSED, EVERYBODY},
    {"chmod-input", chmod_input, REFUSED, EVERYBODY},
    {"chmod-output", chmod_output, REFUSED, EVERYBODY},
    {"run-program", run_program, DIES, EVERYBODY},
    {"run-program-at", run_program_at, DIES, EVERYBODY},
    {"clone-process", clone_process, DIES, EVERYBODY},
    {"clone-namespace", clone_namespace, DIES, FALSE},
    {"clone-by-clone3", clone_by_clone3, REFUSED, FALSE},
    {"trace-parent", trace_parent, DIES, FALSE},
    {"read-parent", read_parent, DIES, FALSE},
    {"signal-parent", signal_parent, DIES, EVERYBODY},
    {"signal-parents-thread", signal_parents_thread, REFUSED, EVERYBODY},
    {"hold-parent", hold_parent, DIES, FALSE},
    {"limit-parent", limit_parent, REFUSED, FALSE},
    {"open-socket", open_socket, DIES, EVERYBODY},
    {"pair-sockets", pair_sockets, DIES, EVERYBODY},
    {"connect-somewhere", connect_somewhere, DIES, FALSE},
    {"become-root", become_root, DIES, FALSE},
    {"become-group", become_group, DIES, FALSE},
    {"take-capabilities", take_capabilities, DIES, FALSE},
    {"make-namespace", make_namespace, DIES, FALSE},
    {"enter-namespace", enter_namespace, DIES, FALSE},
    {"change-root", change_root, DIES, FALSE},
    {"change-directory", change_directory, REFUSED, EVERYBODY},
    {"mount-something", mount_something, DIES, FALSE},
    {"unmount-something", unmount_something, DIES, FALSE},
    {"open-by-handle", open_by_handle, DIES, FALSE},
    {"use-bpf", use_bpf, DIES, FALSE},
    {"use-perf", use_perf, DIES, FALSE},
    {"use-io-uring", use_io_uring, DIES, FALSE},
    {"use-userfaultfd", use_userfaultfd, DIES, FALSE},
    {"use-keys", use_keys, DIES, FALSE},
    {"use-memfd", use_memfd, DIES, EVERYBODY},
    {"load-module", load_module, DIES, FALSE},
    {"type-on-terminal", type_on_terminal, REFUSED, FALSE},
    {"signal-by-descriptor", signal_by_descriptor, REFUSED, EVERYBODY},
    {"clear-protection", clear_protection, REFUSED, EVERYBODY},
    {"number-past-the-table", number_past_the_table, REFUSED, FALSE},
    {"map-code", map_code, REFUSED, EVERYBODY},
    {"make-code", make_code, REFUSED, EVERYBODY},
#ifdef __x86_64__
    {"fork-process", fork_process, DIES, EVERYBODY},
    {"write-by-open", write_by_open, REFUSED, EVERYBODY},
    {"call-by-x32", call_by_x32, REFUSED, FALSE},
    {"call-by-i386", call_by_i386, DIES, FALSE},
#endif
};

/* --- children --- */

enum { WORKED = 10, FAILED = 11 }; /* and the errno, in an exit code: FAILED + errno */

/* Runs FUNC in a child, and returns how it ended, as waitpid(2) does. */
static int
in_child(void (*func)(gpointer), gpointer data)
{
  pid_t pid = fork();
  g_assert_cmpint(pid, >=, 0);
  if (pid == 0) {
    func(data);
    _exit(WORKED);
  }
  int status;
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  return status;
}

typedef struct {
  Attempt attempt;
  void (*confine)(void); /* NULL: it is not */
  gboolean threaded;
} Trial;

static gpointer
attempt(gpointer data)
{
  errno = 0;
  long result = ((Trial *)data)->attempt();
  _exit(result >= 0 ? WORKED : FAILED + errno);
}

static void
try_it(gpointer data)
{
  Trial *trial = data;
  if (trial->confine)
    trial->confine();
  if (trial->threaded)
    g_thread_join(g_thread_new("hostile", attempt, trial));
  attempt(trial);
}

/* --- whether it can be tested here --- */

static NzConfined in_force;
static gboolean sanitized;

static void
probe(gpointer data)
{
  const char *const none[] = {NULL};
  g_autofree char *summary = NULL;
  int *pipe_end = data;
  NzConfined parts = nz_confine(none, &summary);
  gboolean off = strstr(summary, "sanitizer") != NULL;
  int found[2] = {(int)parts, off};
  _exit(write(*pipe_end, found, sizeof found) == sizeof found ? WORKED : FAILED);
}

static void
find_out(void)
{
  int ends[2], found[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  in_child(probe, &ends[1]);
  g_assert_cmpint(read(ends[0], found, sizeof found), ==, sizeof found);
  in_force = (NzConfined)found[0];
  sanitized = found[1];
  close(ends[0]);
  close(ends[1]);
}

static gboolean
can_test(void)
{
  if (in_force == NZ_CONFINED_ALL)
    return TRUE;
  if (g_getenv("CI"))
    g_test_fail_printf("this kernel has no Landlock or no seccomp: confinement is not tested");
  else
    g_test_skip("THIS KERNEL HAS NO LANDLOCK OR NO SECCOMP: confinement is not tested");
  return FALSE;
}

/* --- tests --- */

static void
expect(const char *name, int status, Fate fate)
{
  if (fate == DIES) {
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS || strcmp(name, "call-by-i386") == 0))
      return; /* without 32-bit support int 0x80 is SIGSEGV */
    g_test_message("%s: did not end the process: %#x", name, status);
    g_test_fail();
    return;
  }
  g_assert_true(WIFEXITED(status));
  int errnum = WEXITSTATUS(status) - FAILED;
  if (errnum != EPERM && errnum != EACCES && errnum != ENOSYS) {
    g_test_message("%s: %s", name, errnum < 0 ? "worked" : g_strerror(errnum));
    g_test_fail();
  }
}

static void
test_attempt(gconstpointer data)
{
  gsize i = (gsize)data;
  if (!can_test())
    return;
  for (guint threaded = 0; threaded < 2; threaded++) {
    Trial trial = {attempts[i].attempt, confine, threaded != 0};
    expect(attempts[i].name, in_child(try_it, &trial), attempts[i].fate);
  }
  if (attempts[i].everybody) {
    Trial control = {attempts[i].attempt, NULL, FALSE};
    int status = in_child(try_it, &control);
    g_test_message("%s: unconfined: %#x", attempts[i].name, status);
    /* A program that was run has ended with 0. */
    g_assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == WORKED || WEXITSTATUS(status) == 0));
    g_autofree char *made = beside("new"), *inside = g_build_filename(directory, "new", NULL);
    g_remove(made);
    g_remove(inside);
    g_assert_true(g_file_set_contents(sibling, "secret", -1, NULL));
    g_chmod(output, 0600);
  }
}

/* --- the processes that work for a scanner --- */

/* As a kernel would that does not know the call NR. */
static void
take_away(guint32 nr)
{
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {G_N_ELEMENTS(code), code};
  g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
  g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
}

static void
confine_keeper(void)
{
  nz_confine_keeper(directory, NULL);
}

static void
confine_fetcher(void)
{
  nz_confine_fetcher(NULL);
}

static gpointer
do_nothing(gpointer data)
{
  return data;
}

ATTEMPT(remove_new, unlink(g_strconcat(directory, "/new", NULL)))
ATTEMPT(rename_nested, rename(nested, g_strconcat(directory, "/new", NULL)))
ATTEMPT(write_nested_plainly, open_as(nested, O_RDWR))
ATTEMPT(create_plainly_in_directory,
        open_as(g_strconcat(directory, "/new", NULL), O_RDWR | O_CREAT))
ATTEMPT(change_attribute, setxattr(sibling, "user.new", "x", 1, 0))
ATTEMPT(change_time, utimensat(AT_FDCWD, sibling, NULL, 0))
ATTEMPT(make_thread, g_thread_join(g_thread_new("thread", do_nothing, directory)) ? 0 : -1)

typedef struct {
  const char *name;
  void (*confine)(void);
  Attempt attempt;
  enum { STAYS, IS_REFUSED, ENDS } fate;
} Work;

/* What they must be able to do, and what a hostile reader or server would like them to. */
static const Work works[] = {
    {"keeper/writes-below-its-directory", confine_keeper, write_nested_plainly, STAYS},
    {"keeper/makes-a-file-in-it", confine_keeper, create_plainly_in_directory, STAYS},
    {"keeper/removes-it", confine_keeper, remove_new, STAYS},
    {"keeper/reads-nothing-else", confine_keeper, read_sibling, IS_REFUSED},
    {"keeper/reads-no-passwd", confine_keeper, read_passwd, IS_REFUSED},
    {"keeper/reads-no-environment", confine_keeper, read_own_environment, IS_REFUSED},
    {"keeper/writes-nothing-else", confine_keeper, write_input, IS_REFUSED},
    {"keeper/makes-no-file-elsewhere", confine_keeper, create_file, IS_REFUSED},
    {"keeper/makes-no-directory", confine_keeper, create_directory, IS_REFUSED},
    {"keeper/makes-no-link", confine_keeper, create_link, IS_REFUSED},
    {"keeper/removes-nothing-else", confine_keeper, remove_sibling, IS_REFUSED},
    {"keeper/renames-nothing", confine_keeper, rename_nested, IS_REFUSED},
    {"keeper/changes-no-mode", confine_keeper, chmod_input, IS_REFUSED},
    {"keeper/runs-nothing", confine_keeper, run_program, ENDS},
    {"keeper/has-no-network", confine_keeper, open_socket, ENDS},
    {"keeper/signals-nobody", confine_keeper, signal_parent, ENDS},
    {"keeper/traces-nobody", confine_keeper, trace_parent, ENDS},
    {"keeper/maps-no-code", confine_keeper, map_code, IS_REFUSED},
    {"fetcher/reads", confine_fetcher, read_sibling, STAYS},
    {"fetcher/has-the-network", confine_fetcher, open_socket, STAYS},
    {"fetcher/has-threads", confine_fetcher, make_thread, STAYS},
    {"fetcher/writes-no-file", confine_fetcher, write_input, IS_REFUSED},
    {"fetcher/writes-no-file-by-openat2", confine_fetcher, write_input_by_openat2, IS_REFUSED},
    {"fetcher/empties-no-file", confine_fetcher, truncate_sibling, IS_REFUSED},
    {"fetcher/makes-no-file", confine_fetcher, create_file, IS_REFUSED},
    {"fetcher/makes-no-directory", confine_fetcher, create_directory, IS_REFUSED},
    {"fetcher/makes-no-link", confine_fetcher, create_link, IS_REFUSED},
    {"fetcher/makes-no-name", confine_fetcher, create_name, IS_REFUSED},
    {"fetcher/makes-no-fifo", confine_fetcher, create_fifo, IS_REFUSED},
    {"fetcher/removes-nothing", confine_fetcher, remove_sibling, IS_REFUSED},
    {"fetcher/renames-nothing", confine_fetcher, rename_sibling, IS_REFUSED},
    {"fetcher/changes-no-mode", confine_fetcher, chmod_input, IS_REFUSED},
    {"fetcher/changes-no-attribute", confine_fetcher, change_attribute, IS_REFUSED},
    {"fetcher/changes-no-time", confine_fetcher, change_time, IS_REFUSED},
    {"fetcher/runs-nothing", confine_fetcher, run_program, IS_REFUSED},
    {"fetcher/runs-nothing-at", confine_fetcher, run_program_at, IS_REFUSED},
    {"fetcher/starts-no-process", confine_fetcher, clone_process, IS_REFUSED},
    {"fetcher/signals-nobody", confine_fetcher, signal_parent, IS_REFUSED},
    {"fetcher/limits-nobody", confine_fetcher, limit_parent, IS_REFUSED},
    {"fetcher/traces-nobody", confine_fetcher, trace_parent, IS_REFUSED},
    {"fetcher/reads-nobodys-memory", confine_fetcher, read_parents_memory, IS_REFUSED},
    {"fetcher/reads-nobody", confine_fetcher, read_parent, IS_REFUSED},
    {"fetcher/becomes-nobody", confine_fetcher, become_root, IS_REFUSED},
    {"fetcher/makes-no-namespace", confine_fetcher, make_namespace, IS_REFUSED},
    {"fetcher/loads-nothing", confine_fetcher, use_bpf, IS_REFUSED},
    {"fetcher/has-no-rings", confine_fetcher, use_io_uring, IS_REFUSED},
};

static void
test_work(gconstpointer data)
{
  const Work *work = data;
  if (!can_test())
    return;
  Trial trial = {work->attempt, work->confine, FALSE};
  int status = in_child(try_it, &trial);
  if (work->fate != STAYS)
    expect(work->name, status, work->fate == ENDS ? DIES : REFUSED);
  else
    g_assert_cmpint(status, ==, W_EXITCODE(WORKED, 0));
}

static void
change_files(gpointer data)
{
  take_away(SYS_landlock_create_ruleset);
  confine_fetcher();
  errno = 0;
  _exit(((const Work *)data)->attempt() >= 0 ? WORKED : FAILED + errno);
}

/* Seccomp alone keeps the fetcher from changing files. */
static void
test_fetcher_changes_nothing_without_landlock(void)
{
  if (!can_test())
    return;
  for (guint i = 0; i < G_N_ELEMENTS(works); i++)
    if (works[i].confine == confine_fetcher && works[i].fate == IS_REFUSED &&
        works[i].attempt != read_parents_memory)
      expect(works[i].name, in_child(change_files, (gpointer)&works[i]), REFUSED);
}

static void
expect_content(const char *path, const char *content)
{
  g_autofree char *got = NULL;
  g_autoptr(GError) error = NULL;
  g_file_get_contents(path, &got, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(got, ==, content);
}

static gpointer
read_inputs(gpointer data G_GNUC_UNUSED)
{
  expect_content(input, "input");
  expect_content(nested, "nested");
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  g_assert_nonnull(dir);
  g_assert_cmpstr(g_dir_read_name(dir), ==, "nested");
  return NULL;
}

static void
work_confined(gpointer data G_GNUC_UNUSED)
{
  confine();
  g_autoptr(GThread) again = g_thread_ref(g_thread_new("reader", read_inputs, NULL));
  g_thread_join(again);
  read_inputs(NULL);
  g_assert_cmpint(write(output_fd, "report", 6), ==, 6);
  gsize size = 64 << 20; /* its own mapping, and back */
  g_autofree char *memory = g_malloc(size);
  memset(memory, 1, size);
  int fd = open(fifo, O_RDONLY | O_NONBLOCK);
  g_assert_cmpint(fd, >=, 0);
}

static void
test_inputs_stay_readable_and_outputs_writable(void)
{
  int status = in_child(work_confined, NULL);
  g_assert_true(WIFEXITED(status));
  g_assert_cmpint(WEXITSTATUS(status), ==, WORKED);
  expect_content(output, "report");
}

static void
read_through_descriptor(gpointer data)
{
  confine();
  g_autofree char *path = g_strdup_printf("/dev/fd/%d", *(int *)data);
  int fd = open(path, O_RDONLY);
  char byte;
  _exit(fd >= 0 && read(fd, &byte, 1) == 1 ? WORKED : FAILED + errno);
}

static void
test_pipes_of_a_shell_stay_readable(void)
{
  int ends[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  g_assert_cmpint(write(ends[1], "x", 1), ==, 1);
  int status = in_child(read_through_descriptor, &ends[0]);
  g_assert_cmpint(WEXITSTATUS(status), ==, WORKED);
  close(ends[0]);
  close(ends[1]);
}

static void
fail_an_assertion(gpointer data G_GNUC_UNUSED)
{
  confine();
  abort();
}

static void
test_abort_is_still_an_abort(void)
{
  int status = in_child(fail_an_assertion, NULL);
  g_assert_true(WIFSIGNALED(status));
  g_assert_cmpint(WTERMSIG(status), ==, SIGABRT);
}

/* --- kernels that lack a part --- */

typedef struct {
  guint32 nr;
  NzConfined left;
  const char *said;
} Lack;

static void
confine_lacking(gpointer data)
{
  const Lack *lack = data;
  const char *const readable[] = {input, NULL};
  g_autofree char *summary = NULL;
  take_away(lack->nr);
  NzConfined parts = nz_confine(readable, &summary);
  g_test_message("%s", summary);
  g_assert_cmpint(parts, ==, lack->left);
  g_assert_nonnull(strstr(summary, lack->said));
  expect_content(input, "input");
}

static void
test_works_without(gconstpointer data)
{
  if (!can_test())
    return;
  Lack lack = *(const Lack *)data;
  int status = in_child(confine_lacking, &lack);
  g_assert_true(WIFEXITED(status));
  g_assert_cmpint(WEXITSTATUS(status), ==, WORKED);
}

static const Lack no_landlock = {SYS_landlock_create_ruleset,
                                 NZ_CONFINED_PRIVILEGES | NZ_CONFINED_CALLS,
                                 "not in force: Landlock (the kernel has none"};
static const Lack no_seccomp = {SYS_seccomp, NZ_CONFINED_PRIVILEGES | NZ_CONFINED_FILES,
                                "not in force: seccomp (the kernel has none"};

static void
write_by_openat(gpointer data)
{
  take_away(SYS_landlock_create_ruleset);
  confine();
  _exit(open_as(input, *(int *)data) >= 0 ? WORKED : FAILED + errno);
}

static void
test_nothing_is_written_without_landlock(void)
{
  if (!can_test())
    return;
  static const int flags[] = {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_CREAT};
  for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
    int flag = flags[i];
    g_assert_cmpint(WEXITSTATUS(in_child(write_by_openat, &flag)), ==, FAILED + EPERM);
  }
  int reading = O_RDONLY;
  g_assert_cmpint(WEXITSTATUS(in_child(write_by_openat, &reading)), ==, WORKED);
}

/* --- what it costs: test_confine -m perf -p /confine/cost --- */

static void
time_it(gpointer data)
{
  const char *const readable[] = {input, NULL};
  gint64 started = g_get_monotonic_time();
  nz_confine(readable, NULL);
  gint64 taken = g_get_monotonic_time() - started;
  _exit(write(*(int *)data, &taken, sizeof taken) == sizeof taken ? WORKED : FAILED);
}

static int
compare_times(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return (x > y) - (x < y);
}

static void
test_cost(void)
{
  gint64 times[301];
  int ends[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
    g_assert_cmpint(WEXITSTATUS(in_child(time_it, &ends[1])), ==, WORKED);
    g_assert_cmpint(read(ends[0], &times[i], sizeof times[i]), ==, sizeof times[i]);
  }
  qsort(times, G_N_ELEMENTS(times), sizeof times[0], compare_times);
  g_test_minimized_result((double)times[G_N_ELEMENTS(times) / 2],
                          "confinement: %d microseconds, the median of %d",
                          (int)times[G_N_ELEMENTS(times) / 2], (int)G_N_ELEMENTS(times));
  close(ends[0]);
  close(ends[1]);
}

/* --- the files --- */

static char *
make(const char *name, const char *content)
{
  char *path = beside(name);
  if (content)
    g_assert_true(g_file_set_contents(path, content, -1, NULL));
  return path;
}

static void
make_files(void)
{
  folder = g_dir_make_tmp("nonzero-confine-XXXXXX", NULL);
  g_assert_nonnull(folder);
  input = make("input", "input");
  sibling = make("sibling", "secret");
  directory = make("directory", NULL);
  g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
  nested = make("directory/nested", "nested");
  output = make("output", "");
  output_fd = open(output, O_WRONLY);
  g_assert_cmpint(output_fd, >=, 0);
  fifo = make("fifo", NULL);
  g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
}

static void
remove_files(void)
{
  char *const files[] = {nested, directory, input, sibling, output, fifo, folder};
  close(output_fd);
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_assert_cmpint(g_remove(files[i]), ==, 0);
    g_free(files[i]);
  }
}

static void
add_hostile_tests(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(attempts); i++) {
    g_autofree char *name = g_strconcat("/confine/hostile/", attempts[i].name, NULL);
    g_test_add_data_func(name, (gconstpointer)i, test_attempt);
  }
  g_test_add_data_func("/confine/works-without-landlock", &no_landlock, test_works_without);
  g_test_add_data_func("/confine/works-without-seccomp", &no_seccomp, test_works_without);
  for (gsize i = 0; i < G_N_ELEMENTS(works); i++) {
    g_autofree char *name = g_strconcat("/confine/", works[i].name, NULL);
    g_test_add_data_func(name, &works[i], test_work);
  }
  g_test_add_func("/confine/fetcher-changes-nothing-without-landlock",
                  test_fetcher_changes_nothing_without_landlock);
  g_test_add_func("/confine/nothing-is-written-without-landlock",
                  test_nothing_is_written_without_landlock);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  parent = getpid();
  make_files();
  find_out();
  if (!sanitized)
    add_hostile_tests();
  g_test_add_func("/confine/inputs-stay-readable-and-outputs-writable",
                  test_inputs_stay_readable_and_outputs_writable);
  g_test_add_func("/confine/pipes-of-a-shell-stay-readable", test_pipes_of_a_shell_stay_readable);
  g_test_add_func("/confine/abort-is-still-an-abort", test_abort_is_still_an_abort);
  if (g_test_perf())
    g_test_add_func("/confine/cost", test_cost);
  int status = g_test_run();
  remove_files();
  return status;
}
