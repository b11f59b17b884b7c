/* SPDX-License-Identifier: Apache-2.0 */
/* spawn N BLOCK FILE: starts FILE N times, one after the other, and prints for each BLOCK of them
 * the nanoseconds that one took. FILE's argument is the time when it was asked for, in nanoseconds
 * since 1970. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double
now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int
main(int argc, char **argv)
{
  if (argc != 4)
    return 64;
  long n = strtol(argv[1], NULL, 10), block = strtol(argv[2], NULL, 10);
  char asked[32], *args[] = {argv[3], asked, NULL};
  for (long done = 0; done < n; done += block) {
    double begin = now();
    for (long i = 0; i < block; i++) {
      pid_t pid;
      struct timespec t;
      clock_gettime(CLOCK_REALTIME, &t);
      snprintf(asked, sizeof asked, "%lld%09ld", (long long)t.tv_sec, t.tv_nsec);
      if (posix_spawn(&pid, argv[3], NULL, NULL, args, environ) != 0)
        return 2;
      waitpid(pid, NULL, 0);
    }
    printf("%.0f\n", (now() - begin) / (double)block);
  }
  return 0;
}
