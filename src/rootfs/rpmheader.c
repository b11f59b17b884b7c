/* SPDX-License-Identifier: Apache-2.0 */
/* One package's header, as rpm keeps it in its database: the package file's header section without
 * the magic, followed by what rpm noted at installation.
 *
 *   header    = n_entries:be32 store_len:be32 entry{n_entries} store:byte{store_len}
 *   entry     = tag:be32 type:be32 offset:be32 count:be32     offset counts from the store's start
 *   store     = the data that entries point at: integers big-endian, strings closed by NUL
 *
 *   header v4 = region-entry entry{ril-1} dribble{n_entries-ril}
 *   region    = entry with tag 61..63, type BIN, count 16; its data is the trailer
 *   trailer   = tag:be32 type:be32 offset:be32 count:be32     offset is -16 * ril
 *
 * The region is the header as the packager signed it; dribbles were added later and replace what
 * the region says under the same tag (rpm's docs/manual/hregions.md). Headers of rpm 3 have no
 * region, or one that rpm 4 put around them when it took the database over: the region then has
 * OLDFILENAMES, and the dribbles the three tags that replaced it. Files are
 *
 *   path[i]   = DIRNAMES[DIRINDEXES[i]] BASENAMES[i]          or, of old, OLDFILENAMES[i]
 *
 * An entry that is not asked for needs only to lie inside the store: rpm checks more, but nothing
 * more of it can change the answer here. */
#include "rootfs/rpmdb_private.h"

#include <string.h>

enum {
  HEAD_SIZE = 8,
  ENTRY_SIZE = 16,

  REGION_TAG_MIN = 61, /* HEADERIMAGE, HEADERSIGNATURES, HEADERIMMUTABLE */
  REGION_TAG_MAX = 63,

  TYPE_INT32 = 4,
  TYPE_STRING = 6,
  TYPE_BIN = 7,
  TYPE_STRING_ARRAY = 8,
};

typedef enum { NAME, OLDFILENAMES, DIRINDEXES, BASENAMES, DIRNAMES, N_WANTED } Wanted;

static const struct {
  guint32 tag;
  guint32 type;
  const char *name;
} wanted[N_WANTED] = {
    [NAME] = {1000, TYPE_STRING, "NAME"},
    [OLDFILENAMES] = {1027, TYPE_STRING_ARRAY, "OLDFILENAMES"},
    [DIRINDEXES] = {1116, TYPE_INT32, "DIRINDEXES"},
    [BASENAMES] = {1117, TYPE_STRING_ARRAY, "BASENAMES"},
    [DIRNAMES] = {1118, TYPE_STRING_ARRAY, "DIRNAMES"},
};

typedef struct {
  guint32 tag, type, offset, count;
} Entry;

typedef struct {
  const guint8 *index;
  guint32 n_entries;
  guint32 n_region; /* entries of the region, with the region entry; the rest are dribbles */
  const guint8 *store;
  guint32 store_len;

  gboolean has[N_WANTED];
  gboolean is_dribble[N_WANTED];
  Entry entries[N_WANTED];
} Header;

/* Walks a string array: advances only over a string that is closed inside the store. */
typedef struct {
  const char *next;
  const char *end;
} Strings;

static Entry
parse_entry(const guint8 *p)
{
  return (Entry){
      .tag = nz_rpm_be32(p),
      .type = nz_rpm_be32(p + 4),
      .offset = nz_rpm_be32(p + 8),
      .count = nz_rpm_be32(p + 12),
  };
}

static gboolean
open_header(Header *h, const guint8 *blob, gsize len, GError **error)
{
  if (len < HEAD_SIZE)
    return nz_set_input(error, "the header is cut short at %" G_GSIZE_FORMAT " bytes", len);

  h->n_entries = nz_rpm_be32(blob);
  h->store_len = nz_rpm_be32(blob + 4);
  if (h->n_entries == 0 || h->n_entries > NZ_RPM_TAGS_MAX || h->store_len > NZ_RPM_STORE_MAX)
    return nz_set_input(error, "a header of %u entries and %u bytes of data is beyond rpm's limits",
                        h->n_entries, h->store_len);

  gsize index_len = (gsize)h->n_entries * ENTRY_SIZE;
  if (len != HEAD_SIZE + index_len + h->store_len)
    return nz_set_input(error,
                        "the header is %" G_GSIZE_FORMAT " bytes, but says %u entries and %u bytes "
                        "of data",
                        len, h->n_entries, h->store_len);
  h->index = blob + HEAD_SIZE;
  h->store = h->index + index_len;
  return TRUE;
}

/* Finds out where the region ends and the dribbles begin. */
static gboolean
read_region(Header *h, GError **error)
{
  Entry region = parse_entry(h->index);
  h->n_region = h->n_entries;
  if (region.tag < REGION_TAG_MIN || region.tag > REGION_TAG_MAX)
    return TRUE;

  if (region.type != TYPE_BIN || region.count != ENTRY_SIZE || h->store_len < ENTRY_SIZE ||
      region.offset > h->store_len - ENTRY_SIZE)
    return nz_set_input(error, "the header's region entry is broken");

  Entry trailer = parse_entry(h->store + region.offset);
  guint32 region_len = 0u - trailer.offset;
  if (trailer.tag != region.tag || trailer.type != TYPE_BIN || trailer.count != ENTRY_SIZE ||
      region_len == 0 || region_len % ENTRY_SIZE != 0 || region_len / ENTRY_SIZE > h->n_entries)
    return nz_set_input(error, "the trailer of the header's region is broken");

  h->n_region = region_len / ENTRY_SIZE;
  return TRUE;
}

static gboolean
find_wanted(Header *h, GError **error)
{
  for (guint32 i = 0; i < h->n_entries; i++) {
    Entry entry = parse_entry(h->index + (gsize)i * ENTRY_SIZE);
    if (entry.offset > h->store_len)
      return nz_set_input(error, "header entry %u (tag %u) points behind the data", i, entry.tag);

    for (guint w = 0; w < N_WANTED; w++) {
      if (entry.tag != wanted[w].tag)
        continue;
      gboolean dribble = i >= h->n_region;
      /* rpm would take either one, as its binary search happens to fall. */
      if (h->has[w] && h->is_dribble[w] == dribble)
        return nz_set_input(error, "the header has %s twice", wanted[w].name);
      if (entry.type != wanted[w].type || entry.count == 0 ||
          (entry.type == TYPE_STRING && entry.count != 1))
        return nz_set_input(error, "%s has type %u and count %u", wanted[w].name, entry.type,
                            entry.count);
      h->has[w] = TRUE;
      h->is_dribble[w] = dribble;
      h->entries[w] = entry;
    }
  }
  return TRUE;
}

static Strings
strings_of(const Header *h, Wanted w)
{
  const char *store = (const char *)h->store;
  return (Strings){.next = store + h->entries[w].offset, .end = store + h->store_len};
}

static const char *
strings_next(Strings *s, gsize *len)
{
  const char *text = s->next;
  gsize left = (gsize)(s->end - text);
  const char *nul = left > 0 ? memchr(text, '\0', left) : NULL;
  if (nul == NULL)
    return NULL;
  *len = (gsize)(nul - text);
  s->next = nul + 1;
  return text;
}

static gboolean
strings_broken(Wanted w, GError **error)
{
  return nz_set_input(error, "%s runs behind the header's data", wanted[w].name);
}

static gboolean
emit_old_names(const Header *h, NzRpmSink *sink, const char *package, GError **error)
{
  Strings names = strings_of(h, OLDFILENAMES);
  for (guint32 i = 0; i < h->entries[OLDFILENAMES].count; i++) {
    gsize len = 0;
    const char *name = strings_next(&names, &len);
    if (name == NULL)
      return strings_broken(OLDFILENAMES, error);
    if (!nz_rpm_sink_path(sink, package, name, len, "", 0, error)) {
      g_prefix_error(error, "file %u: ", i);
      return FALSE;
    }
  }
  return TRUE;
}

/* Where each directory name begins in the store, and one more for where the last one ends. */
static guint32 *
index_dirs(const Header *h, GError **error)
{
  guint32 n_dirs = h->entries[DIRNAMES].count;
  if (n_dirs > NZ_RPM_DIRS_MAX) {
    nz_set_input(error, "%u directories, more than %d", n_dirs, NZ_RPM_DIRS_MAX);
    return NULL;
  }

  /* Before memory is set aside: a name takes at least its NUL. */
  if (n_dirs > h->store_len - h->entries[DIRNAMES].offset) {
    strings_broken(DIRNAMES, error);
    return NULL;
  }

  g_autofree guint32 *starts = g_new(guint32, (gsize)n_dirs + 1);
  Strings names = strings_of(h, DIRNAMES);
  starts[0] = h->entries[DIRNAMES].offset;
  for (guint32 i = 0; i < n_dirs; i++) {
    gsize len = 0;
    if (strings_next(&names, &len) == NULL) {
      strings_broken(DIRNAMES, error);
      return NULL;
    }
    starts[i + 1] = starts[i] + (guint32)len + 1;
  }
  return g_steal_pointer(&starts);
}

static gboolean
emit_names(const Header *h, NzRpmSink *sink, const char *package, GError **error)
{
  if (!h->has[BASENAMES] || !h->has[DIRNAMES] || !h->has[DIRINDEXES])
    return nz_set_input(error, "of BASENAMES, DIRNAMES and DIRINDEXES one is missing");

  guint32 n_files = h->entries[BASENAMES].count;
  const Entry *indexes = &h->entries[DIRINDEXES];
  if (indexes->count != n_files)
    return nz_set_input(error, "%u files, but %u directory indexes", n_files, indexes->count);
  if (n_files > (h->store_len - indexes->offset) / sizeof(guint32))
    return strings_broken(DIRINDEXES, error);

  g_autofree guint32 *dirs = index_dirs(h, error);
  if (dirs == NULL)
    return FALSE;

  Strings names = strings_of(h, BASENAMES);
  for (guint32 i = 0; i < n_files; i++) {
    gsize len = 0;
    const char *base = strings_next(&names, &len);
    if (base == NULL)
      return strings_broken(BASENAMES, error);

    guint32 dir = nz_rpm_be32(h->store + indexes->offset + (gsize)i * sizeof(guint32));
    if (dir >= h->entries[DIRNAMES].count)
      return nz_set_input(error, "file %u is in directory %u of %u", i, dir,
                          h->entries[DIRNAMES].count);
    if (!nz_rpm_sink_path(sink, package, (const char *)h->store + dirs[dir],
                          dirs[dir + 1] - dirs[dir] - 1, base, len, error)) {
      g_prefix_error(error, "file %u: ", i);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
nz_rpmheader_read(NzRpmSink *sink, const guint8 *blob, gsize len, GError **error)
{
  Header h = {0};
  if (!open_header(&h, blob, len, error) || !read_region(&h, error) || !find_wanted(&h, error))
    return FALSE;

  if (!h.has[NAME])
    return nz_set_input(error, "the header has no NAME");
  gsize name_len = 0;
  Strings name = strings_of(&h, NAME);
  const char *package = strings_next(&name, &name_len);
  if (package == NULL)
    return strings_broken(NAME, error);
  if (name_len == 0)
    return nz_set_input(error, "the package's NAME is empty");

  /* A header that rpm 4 took over from rpm 3 has both forms, and the new one counts. */
  if (h.has[BASENAMES] || h.has[DIRNAMES] || h.has[DIRINDEXES])
    return emit_names(&h, sink, package, error);
  if (h.has[OLDFILENAMES])
    return emit_old_names(&h, sink, package, error);
  return TRUE; /* a package without files: a metapackage, a key */
}
