/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "core/text.h"

/* TRUE when an image that says USER is meant to run as another than root. */
static gboolean
says_non_root(const char *image_user)
{
  static const NzUserFile unknown = {.unknown = "not looked at"}, none = {0};
  g_autoptr(NzUser) user = nz_user_resolve(image_user, &unknown, &none);
  return user->state == NZ_USER_NON_ROOT ||
         (user->state == NZ_USER_UNKNOWN && user->by_name && !g_str_has_prefix(image_user, "root"));
}

/* "the image says USER app"; NULL: it does not say so, or nobody knows. */
static char *
by_image(const NzRunningFacts *facts)
{
  if (!facts->image_user || !says_non_root(facts->image_user))
    return NULL;
  g_autofree char *user = nz_printable(facts->image_user, -1);
  return g_strdup_printf("the image says USER %s", user);
}

/* "the scan in r.json passed this image as user 1000"; NULL: it did not, or there is none. */
static char *
by_scan(const NzScannedImage *scanned)
{
  if (!scanned || scanned->state != NZ_USER_NON_ROOT)
    return NULL;
  return g_strdup_printf("the scan in %s %s as user %s", scanned->report,
                         scanned->verdict == NZ_VERDICT_PASS ? "passed this image"
                                                             : "says that this image starts",
                         scanned->declared ? scanned->declared : "other than root");
}

static void
add_user(const NzRunningFacts *facts, GPtrArray *findings)
{
  g_autofree char *image = by_image(facts), *scan = by_scan(facts->scanned);
  if (!image && !scan)
    return;
  const NzRootFact *first = facts->roots->pdata[0];
  NzFinding *f = nz_finding_new(
      nz_check_runtime_drift.rule, NZ_LEVEL_WARN, nz_check_runtime_drift.remedy,
      "%s%s%s, and root runs in the container: %s (%s)", image ? image : "",
      image && scan ? ", " : "", scan ? scan : "",
      first->executable ? first->executable : "a process", nz_root_cause_name(first->cause));
  g_ptr_array_add(findings, f);
}

static void
add_file(const NzRunningFacts *facts, const NzRootFact *root, GPtrArray *findings)
{
  const NzScannedFile *file;
  if (nz_running_file_source(facts, root, &file) != NZ_FILE_NOT_OF_IMAGE)
    return;
  const char *what =
      root->cause == NZ_ROOT_FILE_CAPABILITIES ? "file with capabilities" : "setuid file";
  NzFinding *f = nz_finding_new(
      nz_check_runtime_drift.rule, NZ_LEVEL_WARN, nz_check_runtime_drift.remedy,
      "its file made it root, and by the scan in %s the image has no %s of this name: it came "
      "later, with a volume or from who was root in the container",
      facts->scanned->report, what);
  f->path = g_strdup(root->file);
  g_ptr_array_add(findings, f);
}

static void
run_running(const NzRunningFacts *facts, GPtrArray *findings)
{
  if (facts->build || facts->roots->len == 0)
    return;
  add_user(facts, findings);
  for (guint i = 0; i < facts->roots->len; i++)
    add_file(facts, facts->roots->pdata[i], findings);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_runtime_drift = {
    .rule = "runtime-drift",
    .title = "what runs is not what the image says, or its scan",
    .level = "warn",
    .why = "The image passes a scan, and its container runs as root all the same: by an option of "
           "who started it, by `exec`, or by a file that makes its caller root. Only who looks at "
           "what runs can see that.",
    .remedy = "look at the cause: `runtime-user` and `exec-injected` are somebody's command, "
              "`setuid-binary` and `file-capabilities` a file: take it out of the image or the "
              "volume, and start the container with a read-only root filesystem",
    .aliases = aliases,
    .sources = "CBPP-0002, a scan misses what runs in between",
    .run_running = run_running,
};
