/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: facts in, findings out. */
#include "check/check.h"

#include <string.h>

#include "support.h"

typedef struct {
  NzUser user;
  GPtrArray *files, *uid0, *ambiguities, *layers, *mismatches, *findings;
  guint n_ambiguities, hide;
} Kit;

static void
kit_init(Kit *kit)
{
  *kit = (Kit){
      .user = {.declared = (char *)"1000",
               .state = NZ_USER_NON_ROOT,
               .has_uid = TRUE,
               .uid = 1000,
               .why = (char *)"because"},
      .files = g_ptr_array_new(),
      .uid0 = g_ptr_array_new(),
      .ambiguities = g_ptr_array_new(),
      .layers = g_ptr_array_new(),
      .mismatches = g_ptr_array_new(),
      .findings = g_ptr_array_new_with_free_func((GDestroyNotify)nz_finding_free),
  };
}

static void
kit_clear(Kit *kit)
{
  g_ptr_array_unref(kit->files);
  g_ptr_array_unref(kit->uid0);
  g_ptr_array_unref(kit->ambiguities);
  g_ptr_array_unref(kit->layers);
  g_ptr_array_unref(kit->mismatches);
  g_ptr_array_unref(kit->findings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kit, kit_clear)

/* Runs all checks; the findings as "RULE LEVEL[ undecided]", joined by ", ". */
static char *
run(Kit *kit)
{
  NzImageFacts facts = {.user = &kit->user,
                        .files = kit->files,
                        .uid0 = kit->uid0,
                        .ambiguities = kit->ambiguities,
                        .n_ambiguities = MAX(kit->n_ambiguities, kit->ambiguities->len),
                        .ambiguities_hide = kit->hide,
                        .layers = kit->layers,
                        .mismatches = kit->mismatches};
  nz_checks_run(&facts, kit->findings);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < kit->findings->len; i++) {
    const NzFinding *f = kit->findings->pdata[i];
    g_string_append_printf(out, "%s%s %s%s", i ? ", " : "", f->rule, nz_level_name(f->level),
                           f->undecided ? " undecided" : "");
    g_assert_true(g_utf8_validate(f->message, -1, NULL));
  }
  return g_string_free(out, FALSE);
}

static const char *
message_at(const Kit *kit, guint i)
{
  return ((const NzFinding *)kit->findings->pdata[i])->message;
}

/* --- files --- */

static const struct {
  const char *name;
  guint16 mode;
  guint32 uid, gid;
  const char *want;
} modes[] = {
    {"setuid-root", 04755, 0, 0, "setuid-root fail"},
    {"setuid-root-for-one", 04001, 0, 5, "setuid-root fail"},
    {"setuid-root-without-x", 04644, 0, 0, "setuid-inert info"},
    {"setuid-other", 04755, 5, 5, "setuid-other warn"},
    {"setuid-other-without-x", 04644, 5, 5, "setuid-inert info"},
    {"setgid-root", 02755, 5, 0, "setgid-root warn"},
    {"setgid-other", 02755, 0, 42, "setgid-other info"},
    {"setgid-without-group-x", 02745, 0, 0, "setuid-inert info"},
    {"both-root", 06755, 0, 0, "setuid-root fail, setgid-root warn"},
    {"both-other", 06755, 5, 5, "setuid-other warn, setgid-other info"},
    {"setuid-with-an-inert-setgid", 06741, 0, 0, "setuid-root fail, setuid-inert info"},
    {"both-inert", 06644, 0, 0, "setuid-inert info"},
    {"no-bit", 0755, 0, 0, ""},
};

static void
test_mode(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  NzLayerFact layer = {.index = 3};
  NzFileFact file = {.path = (char *)"/usr/bin/x",
                     .mode = modes[i].mode,
                     .uid = modes[i].uid,
                     .gid = modes[i].gid,
                     .layer = &layer,
                     .package = (char *)"pkg"};
  g_auto(Kit) kit;
  kit_init(&kit);
  g_ptr_array_add(kit.files, &file);
  g_autofree char *got = run(&kit);
  g_assert_cmpstr(got, ==, modes[i].want);
  for (guint f = 0; f < kit.findings->len; f++) {
    const NzFinding *finding = kit.findings->pdata[f];
    g_assert_cmpstr(finding->path, ==, "/usr/bin/x");
    g_assert_true(finding->has_mode);
    g_assert_cmpuint(finding->mode, ==, modes[i].mode);
    g_assert_cmpuint(finding->uid, ==, modes[i].uid);
    g_assert_cmpuint(finding->gid, ==, modes[i].gid);
    g_assert_true(finding->layer == &layer);
    g_assert_cmpstr(finding->package, ==, "pkg");
    g_assert_nonnull(finding->remedy);
  }
}

static const struct {
  const char *name;
  guint16 mode;
  NzCapability capability;
  const char *want, *message;
} capabilities[] = {
    {"harmless",
     0755,
     {.revision = 2, .effective = TRUE, .permitted = 1 << 10},
     "file-capabilities warn",
     "gains cap_net_bind_service=ep"},
    {"rootlike",
     0755,
     {.revision = 2, .effective = TRUE, .permitted = 1 << 21},
     "file-capabilities warn",
     "cap_sys_admin amounts to root"},
    {"without-x",
     0644,
     {.revision = 3, .permitted = 1 << 10},
     "file-capabilities info",
     "gains cap_net_bind_service=p"},
    {"invalid", 0755, {.invalid = TRUE}, "file-capabilities info", "does not honour"},
    {"none", 0755, {0}, "", NULL},
};

static void
test_capability(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  NzFileFact file = {
      .path = (char *)"/x", .mode = capabilities[i].mode, .capability = capabilities[i].capability};
  g_auto(Kit) kit;
  kit_init(&kit);
  g_ptr_array_add(kit.files, &file);
  g_autofree char *got = run(&kit);
  g_assert_cmpstr(got, ==, capabilities[i].want);
  if (capabilities[i].message)
    assert_holds(message_at(&kit, 0), capabilities[i].message);
}

/* --- users --- */

static const struct {
  const char *name;
  NzUserState state;
  gboolean by_name, hostile;
  guint hide; /* what ambiguous paths hide */
  const char *want, *message;
} users[] = {
    {"a-number", NZ_USER_NON_ROOT, FALSE, FALSE, 0, "", NULL},
    {"a-name", NZ_USER_NON_ROOT, TRUE, FALSE, 0, "user-not-numeric warn", "write `USER 1000:1001`"},
    {"root", NZ_USER_ROOT, FALSE, FALSE, 0, "image-user fail", "starts as root: because"},
    {"root-by-name", NZ_USER_ROOT, TRUE, FALSE, 0, "image-user fail", "starts as root"},
    {"unknown", NZ_USER_UNKNOWN, TRUE, FALSE, 0, "image-user warn undecided", "unknown user"},
    {"refused", NZ_USER_WONT_START, TRUE, FALSE, 0, "image-user warn undecided",
     "does not start everywhere"},
    {"refused-and-hostile", NZ_USER_WONT_START, FALSE, TRUE, 0, "image-user fail undecided",
     "does not start everywhere"},
    {"a-number-that-is-a-name", NZ_USER_NON_ROOT, FALSE, TRUE, 0, "image-user fail",
     "may start as root"},
    {"a-name-and-two-passwds", NZ_USER_NON_ROOT, TRUE, FALSE, NZ_HIDES_USERS,
     "image-user warn undecided, user-not-numeric warn", "another reading"},
    {"a-number-and-two-passwds", NZ_USER_NON_ROOT, FALSE, FALSE, NZ_HIDES_USERS, "", NULL},
};

static void
test_user(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_auto(Kit) kit;
  kit_init(&kit);
  kit.user.state = users[i].state;
  kit.user.by_name = users[i].by_name;
  kit.user.hostile = users[i].hostile;
  kit.user.has_gid = TRUE;
  kit.user.gid = 1001;
  kit.hide = users[i].hide;
  g_autofree char *got = run(&kit);
  g_assert_cmpstr(got, ==, users[i].want);
  if (users[i].message)
    assert_holds(message_at(&kit, 0), users[i].message);
}

static void
test_uid0_aliases_are_named(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  g_ptr_array_add(kit.uid0, (gpointer) "toor");
  g_autofree char *got = run(&kit);
  g_assert_cmpstr(got, ==, "uid0-alias warn");
  assert_holds(message_at(&kit, 0), "gives toor the uid 0");
}

/* --- layers --- */

static const struct {
  const char *name;
  guint hides, total, all_hide;
  const char *want;
} doubts[] = {
    {"nothing-hidden", 0, 1, 0, "ambiguous-layer warn"},
    {"setuid-root-hidden", NZ_HIDES_SETUID_ROOT, 1, NZ_HIDES_SETUID_ROOT,
     "ambiguous-layer warn undecided"},
    {"users-hidden", NZ_HIDES_USERS, 1, NZ_HIDES_USERS, "ambiguous-layer warn"},
    {"more-than-are-named", 0, 7, 0, "ambiguous-layer warn, ambiguous-layer warn"},
    {"more-and-they-hide-setuid-root", 0, 7, NZ_HIDES_SETUID_ROOT,
     "ambiguous-layer warn, ambiguous-layer warn undecided"},
};

static void
test_doubt(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_auto(Kit) kit;
  kit_init(&kit);
  for (guint kind = 0; kind < NZ_AMBIGUOUS_N_KINDS; kind++) {
    NzAmbiguity a = {(NzAmbiguousKind)kind, (char *)"a/b", 9, doubts[i].hides};
    g_ptr_array_set_size(kit.ambiguities, 0);
    g_ptr_array_set_size(kit.findings, 0);
    g_ptr_array_add(kit.ambiguities, &a);
    kit.n_ambiguities = doubts[i].total;
    kit.hide = doubts[i].all_hide;
    g_autofree char *got = run(&kit);
    g_assert_cmpstr(got, ==, doubts[i].want);
    const NzFinding *f = kit.findings->pdata[0];
    g_assert_cmpstr(f->path, ==, "/a/b");
    g_assert_null(f->layer); /* a layer that the facts do not know */
  }
}

static void
test_media_types_that_lie_are_found(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  NzLayerFact layer = {.index = 2};
  NzMismatchFact plain = {&layer, (char *)"application/x\033gzip", NULL};
  NzMismatchFact zstd = {&layer, (char *)"application/y+gzip", "zstd"};
  g_ptr_array_add(kit.mismatches, &plain);
  g_ptr_array_add(kit.mismatches, &zstd);
  g_autofree char *got = run(&kit);
  g_assert_cmpstr(got, ==, "media-type-mismatch warn, media-type-mismatch warn");
  assert_holds(message_at(&kit, 0),
               "layer 2 is declared as application/x\\x1bgzip, but its content is not compressed");
  assert_holds(message_at(&kit, 1), "is zstd");
}

/* --- the table --- */

static void
test_every_check_explains_itself(void)
{
  guint n = 0;
  for (const NzCheck *c; (c = nz_check_at(n)); n++) {
    g_test_message("%s", c->rule);
    g_assert_true(*c->rule && *c->title && *c->why && *c->remedy && c->aliases);
    g_assert_true(c->run || c->run_build || c->run_running || c == &nz_check_expired_exception);
    g_assert_true(nz_check_find(c->rule) == c);
  }
  g_assert_cmpuint(n, >=, 11);
  g_assert_null(nz_check_find("no-such-rule"));
}

static void
test_what_cbpp_0002_asks_for_is_required(void)
{
  g_autoptr(GString) required = g_string_new(NULL);
  for (guint i = 0; nz_check_at(i); i++)
    if (nz_check_at(i)->required)
      g_string_append_printf(required, "%s ", nz_check_at(i)->rule);
  g_assert_cmpstr(required->str, ==, "image-user setuid-root root-process ");
}

#define ADD_TABLE(prefix, table, func)                                                             \
  for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {                                                \
    g_autofree char *path = g_strconcat(prefix, table[i].name, NULL);                              \
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), func);                                         \
  }

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD_TABLE("/checks/mode/", modes, test_mode)
  ADD_TABLE("/checks/capability/", capabilities, test_capability)
  ADD_TABLE("/checks/user/", users, test_user)
  ADD_TABLE("/checks/ambiguous/", doubts, test_doubt)
  g_test_add_func("/checks/uid0-aliases-are-named", test_uid0_aliases_are_named);
  g_test_add_func("/checks/media-types-that-lie-are-found", test_media_types_that_lie_are_found);
  g_test_add_func("/checks/every-check-explains-itself", test_every_check_explains_itself);
  g_test_add_func("/checks/what-cbpp-0002-asks-for", test_what_cbpp_0002_asks_for_is_required);
  return g_test_run();
}
