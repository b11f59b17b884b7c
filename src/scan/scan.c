/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/scan.h"

#include <string.h>
#include <wchar.h>

#include "check/check.h"
#include "core/limits.h"
#include "core/text.h"
#include "image/json.h"
#include "rootfs/capture.h"
#include "scan/launch.h"
#include "scan/origin.h"
#include "scan/ownership.h"
#include "scan/stack.h"

/* --- passwd and group --- */

typedef enum { FILE_KNOWN, FILE_UNKNOWN, FILE_WANTED } FileState;

/* Finds the passwd or group at PATH in TREE. FILE_WANTED: *CANONICAL names a file whose content was
 * not kept, because nothing but a link says that it is a passwd. */
static const char unkept[] =
    "its passwd or group is a link to a file that had passed by when that was known; save the "
    "image to an uncompressed file and scan that";

static FileState
find_user_file(const NzTree *tree, const char *path, NzUserFile *file, GString *canonical)
{
  const NzInode *inode = NULL;
  *file = (NzUserFile){0};
  switch (nz_tree_lookup(tree, path, canonical, &inode)) {
  case NZ_LOOKUP_ABSENT:
    return FILE_KNOWN;
  case NZ_LOOKUP_UNKEPT:
    /* A passwd by its own name would have been kept: what is not is gone with its directory. */
    if (nz_capture_is_certain(nz_capture_for(canonical->str, canonical->len, 1, NULL)))
      return FILE_KNOWN;
    file->unknown = unkept;
    return FILE_WANTED;
  case NZ_LOOKUP_LOOP:
    file->unknown = "its passwd or group is a loop of symbolic links";
    return FILE_UNKNOWN;
  case NZ_LOOKUP_DIRECTORY:
    file->unknown = "its passwd or group is a directory";
    return FILE_UNKNOWN;
  case NZ_LOOKUP_FOUND:
    break;
  }
  if (inode->kind != NZ_ENTRY_FILE) {
    file->unknown = "its passwd or group is a device";
    return FILE_UNKNOWN;
  }
  switch (inode->body_kind) {
  case NZ_BODY_TEXT:
    file->data = g_bytes_get_data(inode->body, &file->len);
    file->data = file->data ? file->data : "";
    return FILE_KNOWN;
  case NZ_BODY_NONE:
  case NZ_BODY_EXTRA:
    if (inode->origin)
      g_string_assign(canonical, inode->origin);
    file->unknown = unkept;
    return FILE_WANTED;
  default:
    file->unknown = "its passwd or group is larger than 1 MiB";
    return FILE_UNKNOWN;
  }
}

typedef struct {
  NzTree *tree;
  NzLayerResult *results;
  guint n_results;
  NzUserFile passwd, group; /* point into TREE */
} Reading;

static void
reading_clear(Reading *r)
{
  nz_tree_free(r->tree);
  for (guint i = 0; i < r->n_results; i++)
    nz_layer_result_clear(&r->results[i]);
  g_free(r->results);
  *r = (Reading){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static gboolean
is_user_only(const NzScanOptions *options)
{
  return g_strcmp0(options->profile, NZ_PROFILE_USER_ONLY) == 0;
}

/* Reads the layers; a second time when passwd or group turn out to be files of other names. */
static gboolean
read_image(const NzImage *image, const NzScanOptions *options, Reading *r, GError **error)
{
  if (is_user_only(options)) {
    r->passwd.unknown = r->group.unknown = "the image's filesystem was not read (--user-only)";
    return TRUE;
  }
  g_autoptr(NzWanted) wanted = nz_wanted_new();
  nz_launch_want(&image->launch, wanted);
  for (guint round = 0;; round++) {
    reading_clear(r);
    r->n_results = image->layers->len;
    r->results = g_new0(NzLayerResult, r->n_results + 1);
    NzReadOptions read = options->read;
    read.wanted = wanted;
    r->tree = nz_stack_layers(image, &read, options->facts, r->results, error);
    if (!r->tree)
      return FALSE;
    g_autoptr(GString) passwd_path = g_string_new(NULL), group_path = g_string_new(NULL);
    FileState passwd = find_user_file(r->tree, "etc/passwd", &r->passwd, passwd_path);
    FileState group = find_user_file(r->tree, "etc/group", &r->group, group_path);
    gboolean again = passwd == FILE_WANTED || group == FILE_WANTED;
    if (!again || round > 0 || !image->store->rereadable)
      return TRUE;
    if (passwd == FILE_WANTED)
      nz_wanted_add(wanted, wanted->users, passwd_path->str);
    if (group == FILE_WANTED)
      nz_wanted_add(wanted, wanted->users, group_path->str);
  }
}

/* --- facts --- */

static void
mismatch_free(gpointer data)
{
  NzMismatchFact *m = data;
  g_free(m->media_type);
  g_free(m);
}

typedef struct {
  NzImageFacts *facts;
  const GPtrArray *layers;
  gsize bytes; /* that the paths need; past the limit no more are kept */
} FileWalk;

static void
add_file(const char *path, const NzInode *inode, gpointer user_data)
{
  FileWalk *walk = user_data;
  if (!(inode->mode & NZ_MODE_SETID) && !nz_capability_is_there(&inode->capability))
    return;
  walk->bytes += strlen(path) + NZ_FILE_COST;
  if (walk->bytes > NZ_FILES_BYTES_MAX)
    return;
  NzFileFact *f = g_new0(NzFileFact, 1);
  *f = (NzFileFact){
      .path = g_strconcat("/", path, NULL),
      .mode = inode->mode,
      .uid = inode->uid,
      .gid = inode->gid,
      .capability = inode->capability,
      .layer = inode->layer < walk->layers->len ? walk->layers->pdata[inode->layer] : NULL,
  };
  g_ptr_array_add(walk->facts->files, f);
}

static gboolean
add_uid0(const char *name, gsize name_len, gint64 uid, gint64 gid G_GNUC_UNUSED, gpointer user_data)
{
  GPtrArray *names = user_data;
  gboolean is_root = name_len == 4 && memcmp(name, "root", 4) == 0;
  if ((guint32)(guint64)uid == 0 && !is_root)
    g_ptr_array_add(names, nz_printable(name, (gssize)name_len));
  return TRUE;
}

/* The compression that a layer's media type promises; FALSE when there is no type. */
static gboolean
promised_compression(const char *media_type, const char **compression)
{
  if (!media_type)
    return FALSE;
  *compression = g_str_has_suffix(media_type, "gzip")   ? "gzip"
                 : g_str_has_suffix(media_type, "zstd") ? "zstd"
                                                        : NULL;
  return TRUE;
}

static void
add_mismatches(const NzImage *image, const Reading *r, NzSubject *subject, NzImageFacts *facts)
{
  for (guint i = 0; i < image->layers->len; i++) {
    const NzLayer *layer = image->layers->pdata[i];
    const char *promised;
    if (!promised_compression(layer->media_type, &promised) ||
        g_strcmp0(promised, r->results[i].compression) == 0)
      continue;
    NzMismatchFact *m = g_new0(NzMismatchFact, 1);
    *m = (NzMismatchFact){subject->layers->pdata[i], g_strdup(layer->media_type),
                          r->results[i].compression};
    g_ptr_array_add(facts->mismatches, m);
  }
}

/* --- the subject --- */

static NzUser *
judge_user(const NzImage *image, const NzScanOptions *options, const Reading *r)
{
  const char *declared = options->user ? options->user : image->user;
  if (image->os && strcmp(image->os, "windows") == 0)
    return nz_user_new_unknown(declared, "a Windows image: its users have no numbers");
  if (!options->user && !image->has_config)
    return nz_user_new_unknown(NULL, "a root filesystem names no user; say which with --user");
  return nz_user_resolve(declared, &r->passwd, &r->group);
}

static void
add_layers(const NzImage *image, NzSubject *subject)
{
  if (!image->store->whiteouts)
    return;
  for (guint i = 0; i < image->layers->len; i++) {
    const NzLayer *layer = image->layers->pdata[i];
    NzLayerFact *fact = g_new0(NzLayerFact, 1);
    fact->index = i;
    fact->digest = g_strdup(layer->digest ? layer->digest : layer->diff_id);
    fact->created_by = g_strdup(layer->created_by);
    g_ptr_array_add(subject->layers, fact);
  }
}

/* What a table says is its author's word, and only some runtimes go by it. */
static void
add_table_note(const Reading *r, NzSubject *subject)
{
  guint n = 0;
  for (guint i = 0; i < r->n_results; i++)
    n += r->results[i].by_table != FALSE;
  if (n > 0)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("%u of %u layers were read by their table of contents: what it "
                                    "leaves out, but the layer's archive holds, was not seen; "
                                    "--verify reads the archives",
                                    n, r->n_results));
}

static void
add_notes(const NzImage *image, const NzScanOptions *options, const Reading *r, NzSubject *subject)
{
  if (options->user)
    g_ptr_array_add(subject->notes, g_strdup("judged as started with --user; the image's own user "
                                             "was not asked"));
  if (image->n_artifacts > 0)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("%u more entries of the index are no images (attestations or "
                                    "other artifacts) and were not judged",
                                    image->n_artifacts));
  if (image->n_absent > 0)
    g_ptr_array_add(
        subject->notes,
        g_strdup_printf("%u more manifests of the index, for other platforms, were never "
                        "pulled and not judged",
                        image->n_absent));
  if (image->n_others > 0)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("%u more manifests of the index are for other platforms than "
                                    "this host's; --platform all judges them too",
                                    image->n_others));
  if (is_user_only(options))
    g_ptr_array_add(
        subject->notes,
        g_strdup("only who it starts as was asked: its filesystem was not read, with its "
                 "setuid programs and its passwd"));
  else if (image->diff_ids_unverified && !options->read.verify && image->layers->len > 0)
    g_ptr_array_add(subject->notes, g_strdup("the layers' diff_ids were not verified: file bodies "
                                             "were skipped; --verify reads them"));
  if (r->tree && nz_tree_is_crowded(r->tree))
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("more than %" G_GSIZE_FORMAT " paths: past these, paths that "
                                    "are twice in a layer were not looked for",
                                    NZ_NAMES_MAX));
  if (r->n_results > 0 && r->results[0].n_mounts > 0)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("%u entries on other filesystems (mount points) were not "
                                    "looked at",
                                    r->results[0].n_mounts));
  add_table_note(r, subject);
}

/* Names the packages of all files that findings may be about. */
static void
fill_packages(const NzTree *tree, NzImageFacts *facts, GPtrArray *notes)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  const GPtrArray *lists[] = {facts->files, facts->code, facts->tools};
  for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; i < lists[l]->len; i++)
      g_ptr_array_add(all, lists[l]->pdata[i]);
  nz_ownership_fill(tree, all, notes);
}

static gboolean
judge_files(const NzImage *image, const Reading *r, NzSubject *subject, NzImageFacts *facts,
            GError **error)
{
  if (!r->tree) {
    facts->ports = image->launch.ports;
    return TRUE;
  }
  FileWalk walk = {facts, subject->layers, 0};
  nz_tree_foreach(r->tree, add_file, &walk);
  if (walk.bytes > NZ_FILES_BYTES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "its setuid and setgid programs and those with capabilities are too many: their "
                "paths need more than %u MiB",
                (guint)(NZ_FILES_BYTES_MAX >> 20));
    return FALSE;
  }
  NzLaunchInput in = {image, r->tree, subject->user, &r->passwd, &r->group, subject->layers};
  nz_launch_facts_fill(&in, facts, subject->notes);
  fill_packages(r->tree, facts, subject->notes);
  nz_passwd_foreach(&r->passwd, add_uid0, facts->uid0);
  add_mismatches(image, r, subject, facts);
  facts->ambiguities =
      nz_tree_ambiguities(r->tree, &facts->n_ambiguities, &facts->ambiguities_hide);
  return TRUE;
}

void
nz_scan_prepare(void)
{
  const char *charset;
  wchar_t wide;
  mbstate_t state = {0};
  nz_stack_processors(); /* /sys/devices/system/cpu/online */
  json_object_seed(0);   /* /dev/urandom */
  /* charset.alias, and in locales that are not UTF-8 the tables which messages of the system
   * (GLib) and columns of text (the C library) need. What is open stays loaded. */
  static GIConv converter = (GIConv)-1;
  if (!g_get_charset(&charset) && converter == (GIConv)-1)
    converter = g_iconv_open("UTF-8", charset);
  mbrtowc(&wide, "a", 1, &state);
}

NzSubject *
nz_scan_image(const NzImage *image, const NzScanOptions *options, GError **error)
{
  g_auto(Reading) r = {0};
  gint64 started = g_get_real_time();
  if (!read_image(image, options, &r, error))
    return NULL;
  g_autoptr(NzSubject) subject = nz_subject_new("image");
  subject->name = g_strdup(image->name);
  subject->source = nz_printable(image->source, -1);
  subject->platform = g_strdup(image->platform);
  subject->digest = g_strdup(image->digest);
  subject->image_id = g_strdup(image->config_digest);
  add_layers(image, subject);
  subject->user = judge_user(image, options, &r);

  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(nz_file_fact_free);
  g_autoptr(GPtrArray) uid0 = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) mismatches = g_ptr_array_new_with_free_func(mismatch_free);
  NzImageFacts facts = {.profile = options->profile,
                        .user = subject->user,
                        .files = files,
                        .uid0 = uid0,
                        .layers = subject->layers,
                        .mismatches = mismatches};
  if (!judge_files(image, &r, subject, &facts, error))
    return NULL;
  nz_checks_run(&facts, subject->findings);
  nz_launch_facts_clear(&facts);
  nz_origin_judge(image, options->base, !options->user, subject);
  add_notes(image, options, &r, subject);
  nz_subject_conclude(subject);
  subject->started = started;
  subject->finished = g_get_real_time();
  return g_steal_pointer(&subject);
}

gboolean
nz_scan_users(const NzImage *image, const NzScanOptions *options, char **passwd, char **group,
              const char **unknown, GError **error)
{
  g_auto(Reading) r = {0};
  if (!read_image(image, options, &r, error))
    return FALSE;
  *passwd = r.passwd.data ? g_strndup(r.passwd.data, r.passwd.len) : NULL;
  *group = r.group.data ? g_strndup(r.group.data, r.group.len) : NULL;
  *unknown = r.passwd.unknown ? r.passwd.unknown : r.group.unknown;
  return TRUE;
}
