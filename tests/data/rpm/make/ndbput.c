/* SPDX-License-Identifier: Apache-2.0 */
/* ndbput DATABASE: stores package headers with rpm's own ndb code (lib/backend/ndb/rpmpkg.c).
 * Reads lines "put NUMBER HEX" and "del NUMBER". See ../README. */
#include "system.h"

#include <fcntl.h>
#include <stdarg.h>

#include "rpmpkg.h"

void
rpmlog(int code, const char *format, ...)
{
  va_list args;
  (void)code;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
}

int
main(int argc, char **argv)
{
  rpmpkgdb db = NULL;
  char *line = NULL;
  size_t size = 0;

  if (argc != 2 || rpmpkgOpen(&db, argv[1], O_RDWR | O_CREAT, 0644) != 0)
    return 2;
  rpmpkgSetFsync(db, 0);
  while (getline(&line, &size, stdin) > 0) {
    unsigned int number = 0, len = 0;
    int skip = 0;
    if (sscanf(line, "del %u", &number) == 1) {
      if (rpmpkgDel(db, number) != 0)
        return 1;
      continue;
    }
    if (sscanf(line, "put %u %n", &number, &skip) != 1)
      return 1;
    unsigned char *blob = (unsigned char *)line;
    for (const char *hex = line + skip; sscanf(hex, "%2hhx", &blob[len]) == 1; hex += 2)
      len++;
    if (rpmpkgPut(db, number, blob, len) != 0)
      return 1;
  }
  rpmpkgClose(db);
  return 0;
}
