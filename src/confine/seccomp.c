/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: which system calls can be made, by a table of those that the readers and reports need.
 *
 * A call that is in no table is refused with EPERM, so that a C library which begins to use one
 * goes on without it. The calls by which a process gets hold of something else end it at once: no
 * part of a scan makes them, so whoever does is not us any more.
 *
 * The filter is a tree over the calls' numbers, made at start: six comparisons deep where a list
 * would be two hundred, which the kernel walks for every number when it takes the filter. What is
 * done about a call stands once, after the tree: each instruction is compiled at each start. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine_private.h"

#if defined(__x86_64__) && defined(__LP64__)
#define NZ_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NZ_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef NZ_ARCH

/* Calls of x32, which is the x86-64 architecture to seccomp, have numbers from here on. They fall
 * into the last range of the tree. */
#define NUMBERS 512u

/* How a call is judged. Those from CHECK_ARGUMENTS on look at one argument. */
typedef enum {
  REFUSED = 0, /* EPERM */
  ALLOWED,
  DEADLY,   /* ends the process */
  MISSING,  /* ENOSYS: the C library then does it another way */
  THREADS,  /* clone: of a thread of ours, not of a process */
  READ_AT2, /* openat: for reading, nothing created */
  READ_AT1, /* open: the same */
  NO_CODE,  /* mmap, mprotect: nothing that can be executed */
  FCNTL,
  LOCKS, /* the same, and locks */
  IOCTL,
  PRCTL,
  SELF,    /* tgkill: our own process, which is what abort(3) does */
  LOOKING, /* prlimit64: no new limit */
  N_JUDGEMENTS,
} Judgement;

typedef struct {
  int nr;
  Judgement judgement;
} Call;

/* Only x86-64 has the calls without "at". */
static const Call calls[] = {
    /* reading what is open */
    {SYS_read, ALLOWED},
    {SYS_readv, ALLOWED},
    {SYS_pread64, ALLOWED},
    {SYS_preadv, ALLOWED},
    {SYS_lseek, ALLOWED},
    {SYS_close, ALLOWED},
    {SYS_fadvise64, ALLOWED},
    {SYS_fcntl, FCNTL},
    {SYS_ioctl, IOCTL},
    {SYS_ppoll, ALLOWED},
    /* files and directories: Landlock says which */
    {SYS_openat, READ_AT2},
    {SYS_openat2, ALLOWED}, /* its flags are out of sight; Landlock looks at them */
    {SYS_fstat, ALLOWED},
    {SYS_newfstatat, ALLOWED},
    {SYS_statx, ALLOWED},
    {SYS_fstatfs, ALLOWED},
    {SYS_faccessat, ALLOWED},
    {SYS_faccessat2, ALLOWED},
    {SYS_readlinkat, ALLOWED},
    {SYS_getdents64, ALLOWED},
    {SYS_getxattr, ALLOWED},
    {SYS_lgetxattr, ALLOWED},
    {SYS_fgetxattr, ALLOWED},
    {SYS_llistxattr, ALLOWED},
    {SYS_flistxattr, ALLOWED},
    {SYS_getcwd, ALLOWED},
    /* reports */
    {SYS_write, ALLOWED},
    {SYS_writev, ALLOWED},
    /* memory */
    {SYS_brk, ALLOWED},
    {SYS_mmap, NO_CODE},
    {SYS_mprotect, NO_CODE},
    {SYS_munmap, ALLOWED},
    {SYS_mremap, ALLOWED},
    {SYS_madvise, ALLOWED},
    /* threads */
    {SYS_clone, THREADS},
    {SYS_clone3, MISSING}, /* its flags are out of sight: glibc turns to clone */
    {SYS_futex, ALLOWED},
    {SYS_set_robust_list, ALLOWED},
    {SYS_rseq, ALLOWED},
    {SYS_sched_yield, ALLOWED},
    {SYS_sched_getaffinity, ALLOWED},
    {SYS_membarrier, ALLOWED},
    {SYS_prctl, PRCTL},
    {SYS_exit, ALLOWED},
    {SYS_exit_group, ALLOWED},
    {SYS_restart_syscall, ALLOWED},
    /* signals, of our own process */
    {SYS_rt_sigaction, ALLOWED},
    {SYS_rt_sigprocmask, ALLOWED},
    {SYS_rt_sigreturn, ALLOWED},
    {SYS_rt_sigpending, ALLOWED},
    {SYS_rt_sigtimedwait, ALLOWED},
    {SYS_sigaltstack, ALLOWED},
    {SYS_tgkill, SELF},
    /* questions */
    {SYS_clock_gettime, ALLOWED},
    {SYS_clock_getres, ALLOWED},
    {SYS_clock_nanosleep, ALLOWED},
    {SYS_nanosleep, ALLOWED},
    {SYS_gettimeofday, ALLOWED},
    {SYS_getrandom, ALLOWED},
    {SYS_getpid, ALLOWED},
    {SYS_gettid, ALLOWED},
    {SYS_getuid, ALLOWED},
    {SYS_geteuid, ALLOWED},
    {SYS_getgid, ALLOWED},
    {SYS_getegid, ALLOWED},
    {SYS_getcpu, ALLOWED},
    {SYS_getrusage, ALLOWED},
    {SYS_uname, ALLOWED},
    {SYS_sysinfo, ALLOWED},
    {SYS_prlimit64, LOOKING},
#ifdef __x86_64__
    {SYS_open, READ_AT1},
    {SYS_stat, ALLOWED},
    {SYS_lstat, ALLOWED},
    {SYS_access, ALLOWED},
    {SYS_readlink, ALLOWED},
    {SYS_getdents, ALLOWED},
    {SYS_poll, ALLOWED},
    {SYS_time, ALLOWED},
    {SYS_getrlimit, ALLOWED},
#endif

    /* other programs and processes */
    {SYS_execve, DEADLY},
    {SYS_execveat, DEADLY},
    {SYS_ptrace, DEADLY},
    {SYS_process_vm_readv, DEADLY},
    {SYS_process_vm_writev, DEADLY},
    {SYS_kcmp, DEADLY},
    {SYS_pidfd_open, DEADLY},
    {SYS_pidfd_getfd, DEADLY},
    {SYS_pidfd_send_signal, DEADLY},
    {SYS_kill, DEADLY},
    {SYS_tkill, DEADLY},
    {SYS_rt_sigqueueinfo, DEADLY},
    {SYS_rt_tgsigqueueinfo, DEADLY},
    /* the network */
    {SYS_socket, DEADLY},
    {SYS_socketpair, DEADLY},
    {SYS_connect, DEADLY},
    {SYS_bind, DEADLY},
    {SYS_listen, DEADLY},
    {SYS_accept, DEADLY},
    {SYS_accept4, DEADLY},
    {SYS_sendto, DEADLY},
    {SYS_recvfrom, DEADLY},
    {SYS_sendmsg, DEADLY},
    {SYS_recvmsg, DEADLY},
    {SYS_shutdown, DEADLY},
    {SYS_getsockname, DEADLY},
    {SYS_getpeername, DEADLY},
    {SYS_setsockopt, DEADLY},
    {SYS_getsockopt, DEADLY},
    /* who we are */
    {SYS_setuid, DEADLY},
    {SYS_setgid, DEADLY},
    {SYS_setreuid, DEADLY},
    {SYS_setregid, DEADLY},
    {SYS_setresuid, DEADLY},
    {SYS_setresgid, DEADLY},
    {SYS_setfsuid, DEADLY},
    {SYS_setfsgid, DEADLY},
    {SYS_setgroups, DEADLY},
    {SYS_capset, DEADLY},
    {SYS_unshare, DEADLY},
    {SYS_setns, DEADLY},
    {SYS_chroot, DEADLY},
    {SYS_pivot_root, DEADLY},
    {SYS_personality, DEADLY},
    /* mounts and the system */
    {SYS_mount, DEADLY},
    {SYS_umount2, DEADLY},
    {SYS_move_mount, DEADLY},
    {SYS_open_tree, DEADLY},
    {SYS_fsopen, DEADLY},
    {SYS_fsconfig, DEADLY},
    {SYS_fsmount, DEADLY},
    {SYS_fspick, DEADLY},
    {SYS_mount_setattr, DEADLY},
    {SYS_open_by_handle_at, DEADLY},
    {SYS_reboot, DEADLY},
    {SYS_swapon, DEADLY},
    {SYS_swapoff, DEADLY},
    {SYS_acct, DEADLY},
    {SYS_sethostname, DEADLY},
    {SYS_setdomainname, DEADLY},
    {SYS_init_module, DEADLY},
    {SYS_finit_module, DEADLY},
    {SYS_delete_module, DEADLY},
    {SYS_kexec_load, DEADLY},
    {SYS_settimeofday, DEADLY},
    {SYS_clock_settime, DEADLY},
    /* parts of the kernel with a history */
    {SYS_bpf, DEADLY},
    {SYS_perf_event_open, DEADLY},
    {SYS_io_uring_setup, DEADLY},
    {SYS_io_uring_enter, DEADLY},
    {SYS_io_uring_register, DEADLY},
    {SYS_userfaultfd, DEADLY},
    {SYS_memfd_create, DEADLY},
    {SYS_add_key, DEADLY},
    {SYS_request_key, DEADLY},
    {SYS_keyctl, DEADLY},
#ifdef SYS_kexec_file_load
    {SYS_kexec_file_load, DEADLY},
#endif
#ifdef __x86_64__
    {SYS_fork, DEADLY},
    {SYS_vfork, DEADLY},
    {SYS_modify_ldt, DEADLY},
    {SYS_iopl, DEADLY},
    {SYS_ioperm, DEADLY},
#endif
};

/* What keeping a database takes beside that: SQLite opens it, its journal and temporary files. */
static const Call keeping[] = {
    {SYS_openat, ALLOWED},    {SYS_pwrite64, ALLOWED}, {SYS_pwritev, ALLOWED},
    {SYS_ftruncate, ALLOWED}, {SYS_fsync, ALLOWED},    {SYS_fdatasync, ALLOWED},
    {SYS_unlinkat, ALLOWED},  {SYS_fchmod, ALLOWED},   {SYS_fchown, ALLOWED},
    {SYS_umask, ALLOWED},     {SYS_fcntl, LOCKS},
#ifdef __x86_64__
    {SYS_open, ALLOWED},      {SYS_unlink, ALLOWED},
#endif
};

/* What is deadly in the table and fetching needs; and what changes files, without Landlock too. */
static const Call fetching[] = {
    {SYS_socket, ALLOWED},
    {SYS_socketpair, ALLOWED},
    {SYS_connect, ALLOWED},
    {SYS_bind, ALLOWED},
    {SYS_sendto, ALLOWED},
    {SYS_recvfrom, ALLOWED},
    {SYS_sendmsg, ALLOWED},
    {SYS_recvmsg, ALLOWED},
    {SYS_shutdown, ALLOWED},
    {SYS_getsockname, ALLOWED},
    {SYS_getpeername, ALLOWED},
    {SYS_setsockopt, ALLOWED},
    {SYS_getsockopt, ALLOWED},
    /* all CAs in one file */
    {SYS_memfd_create, ALLOWED},
    /* changes of files */
    {SYS_openat2, MISSING},
    {SYS_fchmod, REFUSED},
    {SYS_fchmodat, REFUSED},
    {SYS_fchown, REFUSED},
    {SYS_fchownat, REFUSED},
    {SYS_utimensat, REFUSED},
    {SYS_setxattr, REFUSED},
    {SYS_lsetxattr, REFUSED},
    {SYS_fsetxattr, REFUSED},
    {SYS_removexattr, REFUSED},
    {SYS_lremovexattr, REFUSED},
    {SYS_fremovexattr, REFUSED},
    {SYS_renameat2, REFUSED},
    {SYS_unlinkat, REFUSED},
    {SYS_mkdirat, REFUSED},
    {SYS_mknodat, REFUSED},
    {SYS_linkat, REFUSED},
    {SYS_symlinkat, REFUSED},
    {SYS_truncate, REFUSED},
#ifdef SYS_renameat
    {SYS_renameat, REFUSED},
#endif
#ifdef __x86_64__
    {SYS_creat, REFUSED},
    {SYS_chmod, REFUSED},
    {SYS_chown, REFUSED},
    {SYS_lchown, REFUSED},
    {SYS_utime, REFUSED},
    {SYS_utimes, REFUSED},
    {SYS_futimesat, REFUSED},
    {SYS_rename, REFUSED},
    {SYS_unlink, REFUSED},
    {SYS_rmdir, REFUSED},
    {SYS_mkdir, REFUSED},
    {SYS_mknod, REFUSED},
    {SYS_link, REFUSED},
    {SYS_symlink, REFUSED},
#endif
};

/* Calls from here on are newer than what libraries cannot do without, and one may be of any kind:
 * they do not exist for fetching. */
#define NEW_CALLS 447u

/* What the calls with an argument may have there: one of VALUES, or none of the bits of MASK. */
typedef struct {
  guint argument;
  guint32 mask; /* 0: by values */
  guint n_values;
  guint32 values[9];
} Argument;

/* Opening for writing, and making files by opening them. O_TMPFILE is a bit beside O_DIRECTORY. */
#define WRITES ((guint32)(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY)))

static const Argument arguments[N_JUDGEMENTS] = {
    [READ_AT2] = {.argument = 2, .mask = WRITES},
    [READ_AT1] = {.argument = 1, .mask = WRITES},
    [NO_CODE] = {.argument = 2, .mask = PROT_EXEC},
    [FCNTL] = {.argument = 1,
               .n_values = 6,
               .values = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC,
                          F_OFD_GETLK /* asks who holds a lock, takes none */}},
    [LOCKS] = {.argument = 1,
               .n_values = 9,
               .values = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_OFD_GETLK, F_GETLK,
                          F_SETLK, F_SETLKW}},
    /* Never TIOCSTI, which types on the terminal. */
    [IOCTL] = {.argument = 1,
               .n_values = 4,
               .values = {TCGETS, 0x802c542a /* TCGETS2 */, TIOCGWINSZ, FIONREAD}},
    [PRCTL] = {.argument = 0, .n_values = 2, .values = {PR_SET_NAME, PR_GET_NAME}},
    [LOOKING] = {.argument = 2, .mask = 0xffffffff},
};

/* What a thread may not be made with. */
#define NAMESPACES                                                                                 \
  ((guint32)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |         \
             CLONE_NEWPID | CLONE_NEWNET))

/* --- the program --- */

/* Of a condition: whether what it jumps to is a leaf. */
typedef struct {
  guint8 below, from_here;
} Leaves;

typedef struct {
  guint8 judgement[NUMBERS];
  Leaves leaves[NUMBERS];
  guint32 deadly; /* what is done about calls that are */
  struct sock_filter code[512];
  guint n;
} Filter;

static void
emit(Filter *self, guint code, guint8 jt, guint8 jf, guint32 k)
{
  g_assert(self->n < G_N_ELEMENTS(self->code));
  self->code[self->n++] = (struct sock_filter){(guint16)code, jt, jf, k};
}

static void
emit_load(Filter *self, gsize offset)
{
  emit(self, BPF_LD | BPF_W | BPF_ABS, 0, 0, (guint32)offset);
}

static void
emit_return(Filter *self, guint32 action)
{
  emit(self, BPF_RET | BPF_K, 0, 0, action);
}

/* The low half of an argument comes first on both architectures. */
static gsize
argument_at(guint i, gboolean high)
{
  return offsetof(struct seccomp_data, args) + i * sizeof(guint64) + (high ? 4 : 0);
}

static void
emit_mask(Filter *self, const Argument *a)
{
  emit_load(self, argument_at(a->argument, FALSE));
  emit(self, BPF_JMP | BPF_JSET | BPF_K, 0, 1, a->mask);
  emit_return(self, SECCOMP_RET_ERRNO | EPERM);
  if (a->mask == 0xffffffff) { /* a pointer: all of it */
    emit_load(self, argument_at(a->argument, TRUE));
    emit(self, BPF_JMP | BPF_JSET | BPF_K, 0, 1, a->mask);
    emit_return(self, SECCOMP_RET_ERRNO | EPERM);
  }
  emit_return(self, SECCOMP_RET_ALLOW);
}

static void
emit_values(Filter *self, const guint32 *values, guint n, guint argument)
{
  emit_load(self, argument_at(argument, FALSE));
  for (guint i = 0; i < n; i++)
    emit(self, BPF_JMP | BPF_JEQ | BPF_K, (guint8)(n - i), 0, values[i]);
  emit_return(self, SECCOMP_RET_ERRNO | EPERM);
  emit_return(self, SECCOMP_RET_ALLOW);
}

static void
emit_threads(Filter *self)
{
  emit_load(self, argument_at(0, FALSE));
  emit(self, BPF_JMP | BPF_JSET | BPF_K, 1, 0, CLONE_THREAD);
  emit_return(self, self->deadly);
  emit(self, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES);
  emit_return(self, self->deadly);
  emit_return(self, SECCOMP_RET_ALLOW);
}

static void
emit_self(Filter *self)
{
  guint32 pid = (guint32)getpid();
  emit_values(self, &pid, 1, 0);
}

static void
emit_judgement(Filter *self, Judgement judgement)
{
  switch (judgement) {
  case REFUSED:
    emit_return(self, SECCOMP_RET_ERRNO | EPERM);
    break;
  case ALLOWED:
    emit_return(self, SECCOMP_RET_ALLOW);
    break;
  case DEADLY:
    emit_return(self, self->deadly);
    break;
  case MISSING:
    emit_return(self, SECCOMP_RET_ERRNO | ENOSYS);
    break;
  case THREADS:
    emit_threads(self);
    break;
  case SELF:
    emit_self(self);
    break;
  default:
    if (arguments[judgement].mask != 0)
      emit_mask(self, &arguments[judgement]);
    else
      emit_values(self, arguments[judgement].values, arguments[judgement].n_values,
                  arguments[judgement].argument);
  }
}

/* How far from the condition AT the instruction TO is; it can jump no farther than that. */
static guint8
jump(guint at, guint to)
{
  g_assert(to - at - 1 <= G_MAXUINT8);
  return (guint8)(to - at - 1);
}

/* Halves the numbers, not the leaves: the kernel asks for each of them. */
static guint
find_middle(const guint16 *starts, guint from, guint to)
{
  guint half = (starts[from] + starts[to]) / 2u, middle = from + 1;
  while (middle + 1 < to && starts[middle] < half)
    middle++;
  if (middle > from + 1 && half - starts[middle - 1] < (guint)ABS((int)starts[middle] - (int)half))
    middle--;
  return middle;
}

/* Numbers that follow each other and are judged alike are one leaf. STARTS[FROM..TO] are the first
 * numbers of the leaves, and of what is after them. A jump to a leaf is its judgement until
 * link_leaves(): LEAVES says which are. */
static void
emit_tree(Filter *self, const guint16 *starts, guint from, guint to)
{
  guint middle = find_middle(starts, from, to), at = self->n;
  Leaves *leaves = &self->leaves[at];
  emit(self, BPF_JMP | BPF_JGE | BPF_K, self->judgement[starts[middle]],
       self->judgement[starts[from]], starts[middle]);
  leaves->below = middle - from == 1;
  leaves->from_here = to - middle == 1;
  if (!leaves->below) {
    self->code[at].jf = 0;
    emit_tree(self, starts, from, middle);
  }
  if (!leaves->from_here) {
    self->code[at].jt = jump(at, self->n);
    emit_tree(self, starts, middle, to);
  }
}

/* After the tree, whose conditions are those from FIRST on. */
static void
link_leaves(Filter *self, guint first)
{
  guint end = self->n, places[N_JUDGEMENTS] = {0};
  for (guint at = first; at < end; at++) {
    struct sock_filter *condition = &self->code[at];
    guint8 *jumps[] = {self->leaves[at].below ? &condition->jf : NULL,
                       self->leaves[at].from_here ? &condition->jt : NULL};
    for (guint i = 0; i < G_N_ELEMENTS(jumps); i++) {
      guint judgement = jumps[i] ? *jumps[i] : 0;
      if (jumps[i] && places[judgement] == 0) {
        places[judgement] = self->n;
        emit_judgement(self, (Judgement)judgement);
      }
      if (jumps[i])
        *jumps[i] = jump(at, places[judgement]);
    }
  }
}

/* The last number stays refused, and with it all beyond. */
static void
add_calls(Filter *self, const Call *table, guint n)
{
  for (guint i = 0; i < n; i++)
    if ((guint)table[i].nr < NUMBERS - 1)
      self->judgement[table[i].nr] = (guint8)table[i].judgement;
}

/* What no table names, and what is only narrowed down for readers. */
static void
add_all_calls(Filter *self)
{
  for (guint i = 0; i < NUMBERS - 1; i++) {
    guint8 *judgement = &self->judgement[i];
    if (*judgement == REFUSED && i >= NEW_CALLS)
      *judgement = MISSING;
    else if (*judgement == REFUSED || *judgement == NO_CODE || *judgement == FCNTL ||
             *judgement == IOCTL || *judgement == PRCTL)
      *judgement = ALLOWED;
  }
}

static void
choose_calls(Filter *self, NzCalls which)
{
  self->deadly = SECCOMP_RET_KILL_PROCESS;
  add_calls(self, calls, G_N_ELEMENTS(calls));
  if (which == NZ_CALLS_KEEPING)
    add_calls(self, keeping, G_N_ELEMENTS(keeping));
  if (which != NZ_CALLS_FETCHING)
    return;
  self->deadly = SECCOMP_RET_ERRNO | EPERM;
  add_all_calls(self);
  add_calls(self, fetching, G_N_ELEMENTS(fetching));
}

static void
build(Filter *self)
{
  guint16 starts[NUMBERS + 1];
  guint n = 0;
  for (guint i = 0; i < NUMBERS; i++)
    if (i == 0 || self->judgement[i] != self->judgement[i - 1])
      starts[n++] = (guint16)i;
  starts[n] = NUMBERS;
  emit_load(self, offsetof(struct seccomp_data, arch));
  emit(self, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NZ_ARCH);
  emit_return(self, SECCOMP_RET_KILL_PROCESS);
  emit_load(self, offsetof(struct seccomp_data, nr));
  guint first = self->n;
  emit_tree(self, starts, 0, n);
  link_leaves(self, first);
}

gboolean
nz_seccomp_restrict(NzCalls which, GError **error)
{
  g_autofree Filter *filter = g_new0(Filter, 1);
  choose_calls(filter, which);
  build(filter);
  struct sock_fprog program = {(unsigned short)filter->n, filter->code};
  /* Without this flag (Linux 4.17), kernels before 5.16 slow the process down against attacks by
   * foreign code on its own memory. It runs none. */
  static const unsigned flags[] = {SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0};
  for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &program) == 0)
      return TRUE;
  if (errno == ENOSYS || errno == EINVAL)
    g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "the kernel has none");
  else
    nz_set_errno(error, errno, "seccomp");
  return FALSE;
}

#else

gboolean
nz_seccomp_restrict(NzCalls which G_GNUC_UNUSED, GError **error)
{
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "there is no list of calls for this architecture");
  return FALSE;
}

#endif
