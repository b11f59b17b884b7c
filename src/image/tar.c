/* SPDX-License-Identifier: Apache-2.0 */
/* The format (POSIX.1-2001 pax, GNU tar's manual "Basic Tar Format"): 512-byte blocks.
 *
 *   archive := entry* zero-block zero-block
 *   entry   := special* header body?
 *   special := header(x | g | L | K) body      describes the next header
 *   header  := name[100] mode[8] uid[8] gid[8] size[12] mtime[12] chksum[8] type[1]
 *              linkname[100] magic[6] version[2] uname[32] gname[32] devmajor[8] devminor[8] ...
 *   x body  := ( LENGTH " " KEY "=" VALUE "\n" )*        LENGTH counts the whole record
 *
 * Where the standards leave room, archive/tar (Go 1.19 to 1.25) decides:
 *   - a PAX value overrides the header unless it is empty; GNU L and K override PAX;
 *   - the last of several x headers counts alone; a g header is an entry of its own, is not
 *     applied, and makes an x, L or K before it be forgotten;
 *   - the size of a special header is its own: a PAX size applies to the entry only;
 *   - links, devices, directories and fifos have no body, whatever their size says;
 *   - the end is two zero blocks, or the end of the stream between two entries. */
#include "image/tar.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/tar_private.h"

/* Offsets and lengths in a header block. */
typedef struct {
  guint16 at, len;
} Field;

static const Field f_name = {0, 100}, f_mode = {100, 8}, f_uid = {108, 8}, f_gid = {116, 8},
                   f_size = {124, 12}, f_mtime = {136, 12}, f_chksum = {148, 8},
                   f_linkname = {157, 100}, f_devmajor = {329, 8}, f_devminor = {337, 8},
                   f_prefix = {345, 155}, f_star_prefix = {345, 131}, f_star_atime = {476, 12},
                   f_star_ctime = {488, 12}, f_gnu_atime = {345, 12}, f_gnu_ctime = {357, 12};

#define TYPE_AT 156

NzTar *
nz_tar_new(NzStream *stream)
{
  NzTar *self = g_new0(NzTar, 1);
  self->stream = stream;
  self->name = g_string_new(NULL);
  self->linkname = g_string_new(NULL);
  self->long_name = g_string_new(NULL);
  self->long_link = g_string_new(NULL);
  self->pax = g_byte_array_new();
  return self;
}

void
nz_tar_free(NzTar *self)
{
  if (!self)
    return;
  g_string_free(self->name, TRUE);
  g_string_free(self->linkname, TRUE);
  g_string_free(self->long_name, TRUE);
  g_string_free(self->long_link, TRUE);
  g_byte_array_unref(self->pax);
  g_clear_pointer(&self->sparse, g_array_unref);
  g_free(self);
}

void
nz_tar_set_bad(NzTar *self, GError **error, const char *what)
{
  g_autofree char *name = nz_printable(self->name->str, (gssize)self->name->len);
  nz_set_input(error, "bad tar header at byte %" G_GUINT64_FORMAT "%s%s: %s", self->header_at,
               *name ? ", of or after " : "", name, what);
}

/* A NUL-terminated string, or all of the field. */
static void
set_field(GString *out, const guint8 *block, Field f)
{
  g_string_truncate(out, 0);
  const char *text = (const char *)block + f.at;
  g_string_append_len(out, text, (gssize)strnlen(text, f.len));
}

/* Eight octal digits at once; FALSE when one of them is none. */
static gboolean
eight_digits(guint64 text, guint32 *value)
{
  const guint64 zeros = 0x3030303030303030;
  if ((text & 0xf8f8f8f8f8f8f8f8) != zeros)
    return FALSE;
  guint64 sum = GUINT64_FROM_LE(text ^ zeros); /* the first digit is the lowest byte */
  sum = (sum << 3 | sum >> 8) & 0x00ff00ff00ff00ff;
  sum = (sum << 6 | sum >> 16) & 0x0000ffff0000ffff;
  *value = (guint32)(sum << 12 | sum >> 32) & 0xffffff;
  return TRUE;
}

static gboolean
is_terminator(guint8 c)
{
  return c == 0 || c == ' ';
}

/* A field of 8 bytes as nearly every writer fills it: seven digits and an end. */
static gboolean
octal_of_8(const guint8 *p, gint64 *value)
{
  guint8 text[8];
  guint32 sum;
  memcpy(text, p, sizeof text);
  text[7] = '0';
  guint64 word;
  memcpy(&word, text, sizeof word);
  if (!is_terminator(p[7]) || !eight_digits(word, &sum))
    return FALSE;
  *value = sum >> 3;
  return TRUE;
}

/* Of 12 bytes: eleven digits and an end. */
static gboolean
octal_of_12(const guint8 *p, gint64 *value)
{
  guint64 word;
  guint32 high;
  gint64 low;
  memcpy(&word, p, sizeof word);
  if (!eight_digits(word, &high))
    return FALSE;
  guint8 rest[8] = {'0', '0', '0', '0', p[8], p[9], p[10], p[11]};
  if (!octal_of_8(rest, &low))
    return FALSE;
  *value = (gint64)high << 9 | low;
  return TRUE;
}

/* Octal text, NULs and spaces trimmed at both ends, then cut at a NUL. */
static gboolean
parse_octal(const guint8 *p, gsize n, gint64 *value)
{
  if ((n == 8 && octal_of_8(p, value)) || (n == 12 && octal_of_12(p, value)))
    return TRUE;
  while (n > 0 && (p[0] == ' ' || p[0] == 0)) {
    p++;
    n--;
  }
  while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == 0))
    n--;
  *value = 0;
  if (n == 0)
    return TRUE;
  guint64 sum;
  if (!nz_parse_octal((const char *)p, strnlen((const char *)p, n), &sum))
    return FALSE;
  *value = (gint64)sum;
  return TRUE;
}

/* GNU's base-256: the first bit marks it, the rest is two's complement, big-endian. */
static gboolean
parse_base256(const guint8 *p, gsize n, gint64 *value)
{
  guint8 invert = p[0] & 0x40 ? 0xff : 0;
  guint64 sum = 0;
  for (gsize i = 0; i < n; i++) {
    guint8 c = p[i] ^ invert;
    if (i == 0)
      c &= 0x7f;
    if (sum >> 56)
      return FALSE;
    sum = sum << 8 | c;
  }
  if (sum >> 63)
    return FALSE;
  *value = invert ? (gint64)~sum : (gint64)sum;
  return TRUE;
}

gboolean
nz_tar_parse_number(const guint8 *p, gsize n, gint64 *value)
{
  *value = 0;
  return p[0] & 0x80 ? parse_base256(p, n, value) : parse_octal(p, n, value);
}

static gboolean
number(const guint8 *block, Field f, gint64 *value)
{
  return nz_tar_parse_number(block + f.at, f.len, value);
}

/* The sum of the bytes, eight at a time: four 16-bit lanes hold 64 times two bytes. */
static guint32
sum_bytes(const guint8 block[512])
{
  const guint64 even = 0x00ff00ff00ff00ff;
  guint64 lanes = 0;
  for (guint i = 0; i < 512; i += sizeof lanes) {
    guint64 word;
    memcpy(&word, block + i, sizeof word);
    lanes += (word & even) + (word >> 8 & even);
  }
  return (guint32)((lanes & 0xffff) + (lanes >> 16 & 0xffff) + (lanes >> 32 & 0xffff) +
                   (lanes >> 48));
}

/* Old writers took bytes as signed. */
static gint32
sum_signed_bytes(const guint8 block[512])
{
  gint32 sum = 0;
  for (guint i = 0; i < 512; i++)
    sum += (gint8)block[i];
  return sum;
}

/* The sum is taken with its own field as spaces. */
static gboolean
checksum_is_right(const guint8 block[512])
{
  gint64 stated;
  if (!parse_octal(block + f_chksum.at, f_chksum.len, &stated))
    return FALSE;
  gint32 less = 0, less_signed = 0;
  for (guint i = f_chksum.at; i < f_chksum.at + f_chksum.len; i++) {
    less += block[i] - ' ';
    less_signed += (gint8)block[i] - ' ';
  }
  return stated == (gint32)sum_bytes(block) - less ||
         stated == sum_signed_bytes(block) - less_signed;
}

NzTarFormat
nz_tar_block_format(const guint8 block[512])
{
  if (!checksum_is_right(block))
    return NZ_TAR_FORMAT_UNKNOWN;
  if (memcmp(block + 257, "ustar\0", 6) == 0)
    return memcmp(block + 508, "tar\0", 4) == 0 ? NZ_TAR_FORMAT_STAR : NZ_TAR_FORMAT_USTAR;
  if (memcmp(block + 257, "ustar  \0", 8) == 0)
    return NZ_TAR_FORMAT_GNU;
  return NZ_TAR_FORMAT_V7;
}

/* Before Go 1.8 its writer put a prefix where GNU headers keep two times. When those do not parse
 * and the text is ASCII, archive/tar takes it as the prefix; so must we. */
static gboolean
gnu_block_has_prefix(const guint8 *block)
{
  gint64 ignored;
  gboolean times_ok = (block[f_gnu_atime.at] == 0 || number(block, f_gnu_atime, &ignored)) &&
                      (block[f_gnu_ctime.at] == 0 || number(block, f_gnu_ctime, &ignored));
  if (times_ok)
    return FALSE;
  const char *text = (const char *)block + f_prefix.at;
  gsize n = strnlen(text, f_prefix.len);
  for (gsize i = 0; i < n; i++)
    if ((guint8)text[i] >= 0x80)
      return FALSE;
  return TRUE;
}

static void
prepend_prefix(NzTar *self, Field f)
{
  const char *prefix = (const char *)self->block + f.at;
  gsize n = strnlen(prefix, f.len);
  if (n == 0)
    return;
  g_string_prepend_c(self->name, '/');
  g_string_prepend_len(self->name, prefix, (gssize)n);
}

static gboolean
parse_header(NzTar *self, NzTarHeader *h, GError **error)
{
  const guint8 *block = self->block;
  NzTarFormat format = nz_tar_block_format(block);
  if (format == NZ_TAR_FORMAT_UNKNOWN)
    return nz_tar_bad(self, error, "wrong checksum, so this is no tar header");

  *h = (NzTarHeader){.type = (char)block[TYPE_AT]};
  set_field(self->name, block, f_name);
  set_field(self->linkname, block, f_linkname);
  gint64 ignored;
  if (!number(block, f_size, &h->size) || !number(block, f_mode, &h->mode) ||
      !number(block, f_uid, &h->uid) || !number(block, f_gid, &h->gid) ||
      !number(block, f_mtime, &ignored))
    return nz_tar_bad(self, error, "a number that is none");
  if (format == NZ_TAR_FORMAT_V7)
    return TRUE;
  if (!number(block, f_devmajor, &h->devmajor) || !number(block, f_devminor, &h->devminor))
    return nz_tar_bad(self, error, "a device number that is none");
  if (format == NZ_TAR_FORMAT_STAR &&
      (!number(block, f_star_atime, &ignored) || !number(block, f_star_ctime, &ignored)))
    return nz_tar_bad(self, error, "a time that is none");

  if (format == NZ_TAR_FORMAT_USTAR)
    prepend_prefix(self, f_prefix);
  else if (format == NZ_TAR_FORMAT_STAR)
    prepend_prefix(self, f_star_prefix);
  else if (gnu_block_has_prefix(block))
    prepend_prefix(self, f_prefix);
  return TRUE;
}

/* --- the blocks of an archive --- */

static gboolean
is_zero(const guint8 block[512])
{
  return block[0] == 0 && memcmp(block, block + 1, 511) == 0;
}

/* 1: a block was read. 0: the stream ended before it. -1: error, also for half a block. */
int
nz_tar_read_block(NzTar *self, guint8 block[512], GError **error)
{
  gssize got = nz_stream_read(self->stream, block, 512, error);
  if (got < 0)
    return -1;
  if (got != 0 && got != 512) {
    nz_set_input(
        error,
        "the archive is truncated, in the middle of the tar header at byte %" G_GUINT64_FORMAT,
        self->header_at);
    return -1;
  }
  return got == 512;
}

/* As nz_tar_read_block(), and 0 at the two zero blocks that end an archive. */
static int
read_header(NzTar *self, NzTarHeader *h, GError **error)
{
  self->header_at = self->stream->position;
  int got = nz_tar_read_block(self, self->block, error);
  if (got <= 0)
    return got;
  if (is_zero(self->block)) {
    got = nz_tar_read_block(self, self->block, error);
    if (got <= 0)
      return got;
    if (is_zero(self->block))
      return 0;
    nz_tar_bad(self, error, "one zero block and then more data: the archive was cut or spliced");
    return -1;
  }
  return parse_header(self, h, error) ? 1 : -1;
}

static gboolean
is_header_only(char type)
{
  return type >= NZ_TAR_HARDLINK && type <= NZ_TAR_FIFO;
}

/* Where the body of the header just read lies. */
static gboolean
set_body(NzTar *self, const NzTarHeader *h, GError **error)
{
  gint64 n = is_header_only(h->type) ? 0 : h->size;
  if (n < 0)
    return nz_tar_bad(self, error, "a negative size");
  self->body_at = self->stream->position;
  self->body_left = self->body_size = (guint64)n;
  self->padding = (guint)(-(guint64)n & 511);
  return TRUE;
}

static gboolean
skip_body(NzTar *self, GError **error)
{
  guint64 n = self->body_left;
  gint64 passed = nz_stream_skip(self->stream, n, error);
  if (passed < 0)
    return FALSE;
  if ((guint64)passed < n) {
    g_autofree char *name = nz_printable(self->name->str, (gssize)self->name->len);
    return nz_set_input(error, "the archive is truncated, in the middle of %s", name);
  }
  if (nz_stream_skip(self->stream, self->padding, error) < 0)
    return FALSE;
  self->body_left = 0;
  self->padding = 0;
  return TRUE;
}

gssize
nz_tar_read_raw(NzTar *self, void *buf, gsize n, GError **error)
{
  gsize want = (gsize)MIN((guint64)n, self->body_left);
  gssize got = nz_stream_read(self->stream, buf, want, error);
  if (got < 0)
    return -1;
  self->body_left -= (guint64)got;
  if ((gsize)got < want) {
    g_autofree char *name = nz_printable(self->name->str, (gssize)self->name->len);
    nz_set_input(error, "the archive is truncated, in the middle of %s", name);
    return -1;
  }
  return got;
}

/* The body of an x, g, L or K header. */
static gboolean
read_special(NzTar *self, GByteArray *out, GError **error)
{
  if (self->body_size > NZ_TAR_SPECIAL_MAX)
    return nz_tar_bad(self, error, "an extended header of more than 1 MiB");
  g_byte_array_set_size(out, (guint)self->body_size);
  return nz_tar_read_raw(self, out->data, out->len, error) >= 0;
}

static gboolean
read_long(NzTar *self, GString *out, GError **error)
{
  g_autoptr(GByteArray) body = g_byte_array_new();
  if (!read_special(self, body, error))
    return FALSE;
  g_string_truncate(out, 0);
  g_string_append_len(out, (const char *)body->data,
                      (gssize)(body->len ? strnlen((const char *)body->data, body->len) : 0));
  return TRUE;
}

/* The entry itself: everything that came before it is merged in. */
static gboolean
finish_entry(NzTar *self, NzTarHeader *h, const NzPax *pax, GError **error)
{
  if (!nz_pax_merge(self, pax, h, error))
    return FALSE;
  if (self->long_name->len > 0)
    g_string_assign(self->name, self->long_name->str);
  if (self->long_link->len > 0)
    g_string_assign(self->linkname, self->long_link->str);
  if (h->type == '\0')
    h->type = g_str_has_suffix(self->name->str, "/") ? NZ_TAR_DIRECTORY : NZ_TAR_FILE;
  /* archive/tar sets the reader up again: PAX may have given another size. */
  if (!set_body(self, h, error) || !nz_tar_read_sparse(self, pax, h, error))
    return FALSE;
  h->name = self->name->str;
  h->linkname = self->linkname->str;
  self->size = h->size;
  return TRUE;
}

int
nz_tar_next(NzTar *self, NzTarHeader *h, GError **error)
{
  g_auto(NzPax) pax = {0};
  g_string_truncate(self->long_name, 0);
  g_string_truncate(self->long_link, 0);
  g_clear_pointer(&self->sparse, g_array_unref);

  for (guint run = 0;; run++) {
    if (!skip_body(self, error))
      return -1;
    int got = read_header(self, h, error);
    if (got <= 0)
      return got;
    if (run > NZ_TAR_SPECIAL_RUN_MAX || self->globals > NZ_TAR_SPECIAL_RUN_MAX) {
      nz_tar_bad(self, error, "more than 64 extended headers in a row");
      return -1;
    }
    if (!set_body(self, h, error))
      return -1;

    switch (h->type) {
    case 'x':
    case 'g':
      nz_pax_clear(&pax);
      if (!read_special(self, self->pax, error) || !nz_pax_parse(self, &pax, error))
        return -1;
      if (h->type == 'x')
        continue;
      self->globals++;
      h->name = self->name->str;
      h->linkname = "";
      return 1;
    case 'L':
      if (!read_long(self, self->long_name, error))
        return -1;
      continue;
    case 'K':
      if (!read_long(self, self->long_link, error))
        return -1;
      continue;
    default:
      self->globals = 0;
      return finish_entry(self, h, &pax, error) ? 1 : -1;
    }
  }
}

gboolean
nz_tar_next_at(const NzTar *self, guint64 *at)
{
  *at = self->stream->position + self->body_left + self->padding;
  return self->globals == 0;
}

gboolean
nz_tar_body_extent(NzTar *self, guint64 *offset, guint64 *length, GError **error)
{
  if (self->sparse)
    return nz_tar_bad(self, error, "a sparse file cannot hold a blob");
  *offset = self->body_at;
  *length = self->body_size;
  return TRUE;
}

NzStream *
nz_tar_open_body(NzTar *self)
{
  guint64 n = self->body_left;
  self->body_left = 0; /* the slice takes it all, or leaves the rest to nz_tar_next() to miss */
  return nz_slice_stream_new(self->stream, n);
}

gboolean
nz_tar_is_header(const guint8 block[512])
{
  return nz_tar_block_format(block) != NZ_TAR_FORMAT_UNKNOWN;
}
