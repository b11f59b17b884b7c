// SPDX-License-Identifier: Apache-2.0
// What a process of a container can do about its user, one word after another:
//   acts name 'runc:[2:INIT]' setuid 0 sleep 500
// Static, so that an image needs nothing but this file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char **word;

static void
die(const char *what)
{
  fprintf(stderr, "acts: %s: %s\n", what, strerror(errno));
  _exit(3);
}

static char *
next(void)
{
  if (!*word) {
    errno = EINVAL;
    die("a word is missing");
  }
  return *word++;
}

static unsigned
number(void)
{
  return (unsigned)strtoul(next(), NULL, 10);
}

static void
rest_in_sleep(unsigned ms)
{
  struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
  while (nanosleep(&time, &time))
    ;
}

static void
write_text(const char *path, const char *text)
{
  int fd = open(path, O_WRONLY | O_CREAT, 0600);
  if (fd < 0 || write(fd, text, strlen(text)) < 0)
    die(path);
  close(fd);
}

// Users of this thread alone: libc's own would ask every thread to change.
static void
set_users(unsigned real, unsigned effective, unsigned saved)
{
  if (syscall(SYS_setresuid, real, effective, saved))
    die("setresuid");
}

static void act_until_done(void);

static void *
in_thread(void *unused)
{
  act_until_done();
  return unused;
}

// User id, with CAP_SETUID effective and ambient: no file and no set-id bit is needed to become
// root.
static void
become_with_setuid(unsigned id)
{
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct caps[2] = {{0}};
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    die("keepcaps");
  set_users(id, id, id);
  caps[0].effective = caps[0].permitted = caps[0].inheritable = 1U << CAP_SETUID;
  if (syscall(SYS_capset, &head, caps))
    die("capset");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0))
    die("ambient");
}

// The words from here on by a program that has no name in any file system, as runc executes itself.
static void
exec_from_memory(const char *name)
{
  char buffer[65536];
  ssize_t size;
  int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int to = memfd_create(name, MFD_CLOEXEC);
  if (from < 0 || to < 0)
    die(name);
  while ((size = read(from, buffer, sizeof buffer)) > 0)
    if (write(to, buffer, (size_t)size) != size)
      die(name);
  fexecve(to, word - 1, environ);
  die(name);
}

static void
start_many(unsigned times, char *path)
{
  char *argv[] = {path, NULL};
  while (times--) {
    pid_t pid;
    int status;
    errno = posix_spawn(&pid, path, NULL, NULL, argv, environ);
    if (errno || waitpid(pid, &status, 0) < 0)
      die(path);
  }
}

static void
act_until_done(void)
{
  while (*word) {
    const char *act = next();
    if (!strcmp(act, "sleep")) {
      rest_in_sleep(number());
    } else if (!strcmp(act, "setuid")) {
      unsigned id = number();
      set_users(id, id, id);
    } else if (!strcmp(act, "setresuid")) {
      unsigned real = number(), effective = number();
      set_users(real, effective, number());
    } else if (!strcmp(act, "seteuid")) {
      set_users((unsigned)-1, number(), (unsigned)-1);
    } else if (!strcmp(act, "ambient")) { // as another user, who may still become any
      become_with_setuid(number());
    } else if (!strcmp(act, "name")) {
      if (prctl(PR_SET_NAME, next(), 0, 0, 0))
        die("name");
    } else if (!strcmp(act, "exec")) {
      execv(*word, word);
      die(*word);
    } else if (!strcmp(act, "memory")) {
      exec_from_memory(next());
    } else if (!strcmp(act, "fork")) { // the rest in a child, that is waited for
      pid_t pid = fork();
      if (pid < 0)
        die("fork");
      if (pid) {
        int status;
        waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
      }
    } else if (!strcmp(act, "orphan")) { // the rest in a child whose parents are gone
      if (fork() == 0) {
        if (fork())
          _exit(0);
        while (getppid() != 1)
          rest_in_sleep(1);
        continue;
      }
      while (wait(NULL) > 0 || errno != ECHILD) // the orphan's too, where this is the first process
        ;
      _exit(0);
    } else if (!strcmp(act, "thread")) { // the rest in a thread, while this one waits
      pthread_t thread;
      errno = pthread_create(&thread, NULL, in_thread, NULL);
      if (errno)
        die("thread");
      pthread_join(thread, NULL);
    } else if (!strcmp(act, "unshare")) { // as unshare -r: user 0 of a user namespace of its own
      char map[64];
      snprintf(map, sizeof map, "0 %u 1", geteuid());
      if (unshare(CLONE_NEWUSER))
        die("unshare");
      write_text("/proc/self/setgroups", "deny");
      write_text("/proc/self/uid_map", map);
    } else if (!strcmp(act, "mount-namespace")) { // another process's, or with "-" a new one
      const char *path = next();
      int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
      if (fd < 0 ? unshare(CLONE_NEWNS) : setns(fd, CLONE_NEWNS))
        die(path);
    } else if (!strcmp(act, "start")) {
      unsigned times = number();
      start_many(times, next());
    } else if (!strcmp(act, "say")) {
      puts(next());
      fflush(stdout);
    } else {
      errno = EINVAL;
      die(act);
    }
  }
}

int
main(int count, char **argv)
{
  word = argv + 1;
  act_until_done();
  return count == 0;
}
