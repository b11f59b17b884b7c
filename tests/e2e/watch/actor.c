/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in the containers of test_watch.py: a static program that needs no file but itself. Its
 * first argument says what it does.
 *
 *   exit                ends at once
 *   wait                waits for good
 *   spawn N [FILE]      starts FILE (itself) with "exit", N times, one after the other
 *   setuid              becomes uid 0, and waits a moment
 *   setuid-and-back     becomes uid 0 and its old one again, at once
 *   setuid-exec         becomes uid 0 and executes /actor exit
 *   thread              a thread of it becomes uid 0, alone
 *   rename              a child calls itself runc:[2:INIT] and ends
 *   orphan              a grandchild whose parent has ended executes /actor exit
 *   fork                a child ends without executing anything
 *   userns              makes a user namespace, is root in it, and executes /actor exit
 *   userns-stay         the same, and executes nothing
 *   userns-many         as root: a child is root in a user namespace of eight ranges, uid 100000
 * outside, and executes /actor exit mark FILE           makes FILE marks N FILE        starts FILE
 * with "mark /tmp/markI", N times; fails when one of them was made
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void
fail(const char *what)
{
  dprintf(2, "actor: %s: %s\n", what, strerror(errno));
  _exit(3);
}

static void
set_id(uid_t uid)
{
  if (syscall(SYS_setresuid, uid, uid, uid) != 0)
    fail("setresuid");
}

static int
become(const char *file, const char *what)
{
  execl(file, file, what, (char *)NULL);
  fail(file);
  return 3;
}

static int
spawn(int n, char *file)
{
  char *argv[] = {file, (char *)"exit", NULL};
  for (int i = 0; i < n; i++) {
    pid_t pid;
    if (posix_spawn(&pid, file, NULL, NULL, argv, environ) != 0)
      fail(file);
    waitpid(pid, NULL, 0);
  }
  return 0;
}

static void *
run_thread(void *data)
{
  set_id(0);
  usleep(300000);
  return data;
}

static int
thread(void)
{
  pthread_t one;
  if (pthread_create(&one, NULL, run_thread, NULL) != 0)
    fail("pthread_create");
  pthread_join(one, NULL);
  return 0;
}

static int
in_child(int (*act)(void))
{
  pid_t pid = fork();
  if (pid == 0)
    _exit(act());
  waitpid(pid, NULL, 0);
  return 0;
}

static int
take_name(void)
{
  prctl(PR_SET_NAME, "runc:[2:INIT]", 0, 0, 0);
  return 0;
}

static int
nothing(void)
{
  return 0;
}

static int
leave_orphan(void)
{
  if (fork() == 0) {
    while (getppid() != 1)
      usleep(1000);
    _exit(become("/actor", "exit"));
  }
  return 0;
}

static void
write_file(const char *path, const char *text)
{
  int fd = open(path, O_WRONLY);
  if (fd < 0 || write(fd, text, strlen(text)) < 0)
    fail(path);
  close(fd);
}

static void
enter_userns(void)
{
  char map[64];
  snprintf(map, sizeof map, "0 %u 1\n", (unsigned)getuid());
  if (unshare(CLONE_NEWUSER) != 0)
    fail("unshare");
  write_file("/proc/self/uid_map", map);
}

/* The child waits for its map, which its parent has the right to write. */
static int
enter_large_userns(void)
{
  int ready[2], mapped[2];
  char path[64], map[512] = "", byte = 0;
  if (pipe(ready) != 0 || pipe(mapped) != 0)
    fail("pipe");
  pid_t pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWUSER) != 0 || write(ready[1], &byte, 1) != 1 ||
        read(mapped[0], &byte, 1) != 1)
      fail("unshare");
    set_id(0);
    return become("/actor", "exit");
  }
  close(ready[1]); /* the child's alone: its end is seen */
  if (read(ready[0], &byte, 1) != 1)
    fail("the child");
  for (int i = 0; i < 8; i++)
    snprintf(map + strlen(map), sizeof map - strlen(map), "%d %d 1\n", i, 100000 + 10 * i);
  snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
  write_file(path, map);
  if (write(mapped[1], &byte, 1) != 1)
    fail("the child");
  waitpid(pid, NULL, 0);
  return 0;
}

static int
mark(const char *path)
{
  int fd = open(path, O_WRONLY | O_CREAT, 0644);
  close(fd);
  return fd < 0;
}

static int
try_marks(int n, char *file)
{
  int made = 0;
  for (int i = 0; i < n; i++) {
    char path[64];
    pid_t pid;
    snprintf(path, sizeof path, "/tmp/mark%d", i);
    char *argv[] = {file, (char *)"mark", path, NULL};
    if (posix_spawn(&pid, file, NULL, NULL, argv, environ) != 0)
      fail(file);
    waitpid(pid, NULL, 0);
    made += access(path, F_OK) == 0;
  }
  dprintf(1, "%d\n", made);
  return made > 0;
}

int
main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "exit";
  uid_t uid = getuid();
  if (strcmp(what, "wait") == 0)
    for (;;)
      pause();
  if (strcmp(what, "spawn") == 0 && argc > 2)
    return spawn(atoi(argv[2]), argc > 3 ? argv[3] : (char *)"/actor");
  if (strcmp(what, "setuid") == 0 || strcmp(what, "setuid-and-back") == 0) {
    /* The real id stays: that is what leads back. */
    if (syscall(SYS_setresuid, -1, 0, -1) != 0)
      fail("setresuid");
    if (strcmp(what, "setuid") == 0)
      usleep(300000);
    else
      set_id(uid);
    return 0;
  }
  if (strcmp(what, "setuid-exec") == 0) {
    set_id(0);
    return become("/actor", "exit");
  }
  if (strcmp(what, "thread") == 0)
    return thread();
  if (strcmp(what, "rename") == 0)
    return in_child(take_name);
  if (strcmp(what, "fork") == 0)
    return in_child(nothing);
  if (strcmp(what, "orphan") == 0) {
    in_child(leave_orphan);
    usleep(500000);
    return 0;
  }
  if (strcmp(what, "userns") == 0 || strcmp(what, "userns-stay") == 0) {
    enter_userns();
    return strcmp(what, "userns") == 0 ? become("/actor", "exit") : 0;
  }
  if (strcmp(what, "userns-many") == 0)
    return enter_large_userns();
  if (strcmp(what, "marks") == 0 && argc > 3)
    return try_marks(atoi(argv[2]), argv[3]);
  if (strcmp(what, "mark") == 0 && argc > 2)
    return mark(argv[2]);
  return 0;
}
