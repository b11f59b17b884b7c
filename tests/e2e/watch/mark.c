// SPDX-License-Identifier: Apache-2.0
// Adds a byte to /out/mark by its first instructions, if there is a /out, and ends: no libc runs
// before.
#include <fcntl.h>
#include <sys/syscall.h>

#if defined __x86_64__
static long
call(long number, long a, long b, long c, long d)
{
  register long fourth __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined __aarch64__
static long
call(long number, long a, long b, long c, long d)
{
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "say how a system call is made here"
#endif

void
_start(void)
{
  long fd = call(SYS_openat, AT_FDCWD, (long)"/out/mark", O_CREAT | O_WRONLY | O_APPEND, 0666);
  if (fd >= 0)
    call(SYS_write, fd, (long)"x", 1, 0);
  call(SYS_exit, 0, 0, 0, 0);
  __builtin_unreachable();
}
