/* SPDX-License-Identifier: Apache-2.0 */
/* .container units: what `podman run` they stand for. */
#include <string.h>

#include "build/quadlet_private.h"
#include "core/text.h"

typedef struct {
  NzQuadlet *quadlet;
  const NzUnit *unit;
  const char *directory; /* NULL: the working directory */
  NzService *service;
  gboolean no_new_privileges;
  NzPlace *privileges_place; /* of what says that there may be new ones; or NULL */
  char *userns;              /* the mode, or NULL */
  NzPlace *userns_place;
  char *userns_how;
} Reader;

static void
reader_clear(Reader *self)
{
  nz_place_free(self->privileges_place);
  nz_place_free(self->userns_place);
  g_free(self->userns);
  g_free(self->userns_how);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static const char section[] = "Container";

static NzPlace *
word_place(const NzUnitWord *word)
{
  return nz_source_place(word->entry->source, word->span);
}

/* --- values --- */

/* Takes USER and PLACE. The last that is said counts. */
static void
set_user(Reader *self, char *user, NzPlace *place, const char *how)
{
  NzService *service = self->service;
  g_free(service->user);
  nz_place_free(service->user_place);
  g_clear_pointer(&service->unknown, g_free);
  service->user = user;
  service->user_place = place;
  if (nz_quadlet_is_open(user)) {
    g_autofree char *shown = nz_printable(user, -1);
    service->unknown = g_strdup_printf("%s=%s has what systemd alone knows", how, shown);
    return;
  }
  /* "%%" stands for one. */
  g_auto(GStrv) parts = g_strsplit(user, "%%", -1);
  service->user = g_strjoinv("%", parts);
  g_free(user);
}

/* Takes MODE and PLACE. */
static void
set_userns(Reader *self, char *mode, NzPlace *place, const char *how)
{
  g_free(self->userns);
  g_free(self->userns_how);
  nz_place_free(self->userns_place);
  g_autofree char *shown = nz_printable(mode, -1);
  self->userns = mode;
  self->userns_place = place;
  self->userns_how = g_strdup_printf("%s=%s", how, shown);
}

static void
set_security(Reader *self, const char *option, NzPlace *place)
{
  gboolean set = FALSE;
  if (!nz_service_no_new_privileges(option, &set)) {
    nz_place_free(place);
    return;
  }
  self->no_new_privileges = set;
  nz_place_free(self->privileges_place);
  self->privileges_place = place;
}

static void
add_port(Reader *self, const char *text, NzSourceFile *source, NzSpan span, const char *how)
{
  if (!nz_service_add_port(self->service, text, nz_source_place(source, span), how))
    nz_services_note(self->quadlet->result, source, span.start,
                     "this is no port, and not looked at");
}

/* --- PodmanArgs --- */

static void
take_user(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag, gpointer data)
{
  set_user(data, g_strdup(value), word_place(word), flag->name);
}

static void
take_privileged(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag, gpointer data)
{
  gboolean privileged = FALSE;
  if (nz_service_parse_bool(value, &privileged) && privileged)
    nz_service_add_act(((Reader *)data)->service, NZ_ACT_PRIVILEGED, word_place(word), NULL,
                       flag->name);
}

/* Podman splits at commas, too. */
static void
take_capabilities(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag,
                  gpointer data)
{
  g_auto(GStrv) names = g_strsplit(value, ",", -1);
  for (char **name = names; *name; name++)
    if (*g_strstrip(*name))
      nz_service_add_capability(((Reader *)data)->service, *name, word_place(word), flag->name);
}

static void
take_userns(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag, gpointer data)
{
  set_userns(data, g_strdup(value), word_place(word), flag->name);
}

static void
take_security(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag G_GNUC_UNUSED,
              gpointer data)
{
  set_security(data, value, word_place(word));
}

static void
take_port(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag, gpointer data)
{
  add_port(data, value, word->entry->source, word->span, flag->name);
}

static const NzQuadletFlag flags[] = {
    {"--user", "-u", FALSE, take_user},
    {"--privileged", NULL, TRUE, take_privileged},
    {"--cap-add", NULL, FALSE, take_capabilities},
    {"--userns", NULL, FALSE, take_userns},
    {"--security-opt", NULL, FALSE, take_security},
    {"--publish", "-p", FALSE, take_port},
    {NULL},
};

/* --- keys --- */

/* Quadlet refuses a group without a user. */
static gboolean
read_user(Reader *self, GError **error)
{
  NzPlace *place = NULL;
  g_autofree char *user = nz_quadlet_get(self->unit, section, "User", &place);
  const NzUnitEntry *group = nz_unit_last(self->unit, section, "Group");
  g_autofree char *group_name = group ? nz_quadlet_value(group) : NULL;
  gboolean grouped = group_name && *group_name;
  if (!user && grouped)
    return nz_unit_fail(group->source, group->key_span.start, error,
                        "Group= without User=, which Quadlet refuses");
  if (user)
    set_user(self, grouped ? g_strconcat(user, ":", group_name, NULL) : g_strdup(user), place,
             "User");
  return TRUE;
}

/* RemapUsers= is what UserNS= was called before. */
static void
read_userns(Reader *self)
{
  static const char *const keys[] = {"RemapUsers", "UserNS"};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    NzPlace *place = NULL;
    char *mode = nz_quadlet_get(self->unit, section, keys[i], &place);
    if (mode)
      set_userns(self, mode, place, keys[i]);
  }
}

static gboolean
read_capabilities(Reader *self, GError **error)
{
  g_autoptr(GPtrArray) words = nz_unit_words(self->unit, section, "AddCapability", error);
  for (guint i = 0; words && i < words->len; i++) {
    const NzUnitWord *word = words->pdata[i];
    if (*word->text)
      nz_service_add_capability(self->service, word->text, word_place(word), "AddCapability");
  }
  return words != NULL;
}

static void
read_ports(Reader *self)
{
  g_autoptr(GPtrArray) all = nz_unit_all(self->unit, section, "PublishPort");
  for (guint i = 0; i < all->len; i++) {
    const NzUnitEntry *entry = all->pdata[i];
    g_autofree char *text = nz_quadlet_value(entry);
    add_port(self, text, entry->source, entry->span, "PublishPort");
  }
}

static void
read_privileges(Reader *self)
{
  NzPlace *place = NULL;
  g_autofree char *text = nz_quadlet_get(self->unit, section, "NoNewPrivileges", &place);
  gboolean set = FALSE;
  if (!text)
    return;
  self->no_new_privileges = nz_service_parse_bool(text, &set) && set;
  self->privileges_place = place;
}

/* What another unit says of the image: .build builds it, .image names it. */
static gboolean
read_image_unit(Reader *self, const NzUnitEntry *entry, GError **error)
{
  NzService *service = self->service;
  g_autoptr(NzUnit) unit = NULL;
  g_autofree char *name = g_strdup(service->image);
  if (!nz_quadlet_join(self->quadlet, entry, self->directory, name, &unit, error))
    return FALSE;
  if (!unit)
    return TRUE;
  if (g_str_has_suffix(name, ".build")) {
    if (!nz_quadlet_read_build(self->quadlet, unit, self->directory, service, error))
      return FALSE;
    nz_place_free(service->build_place);
    service->build_place = nz_quadlet_place(entry);
    return TRUE;
  }
  char *image = nz_quadlet_get(unit, "Image", "Image", NULL);
  if (image) {
    g_free(service->image);
    service->image = image;
  }
  return TRUE;
}

static gboolean
read_image(Reader *self, NzSourceFile *source, GError **error)
{
  const NzUnitEntry *entry = nz_unit_last(self->unit, section, "Image");
  const NzUnitEntry *rootfs = nz_unit_last(self->unit, section, "Rootfs");
  if (entry && rootfs)
    return nz_unit_fail(rootfs->source, rootfs->key_span.start, error,
                        "Rootfs= beside Image=, which Quadlet refuses");
  if (!entry && !rootfs)
    return nz_unit_fail(source, 0, error, "[Container] has no Image=, which Quadlet wants");
  if (!entry) {
    nz_services_note(self->quadlet->result, rootfs->source, rootfs->span.start,
                     "a root filesystem in place of an image is not looked at");
    return TRUE;
  }
  self->service->image = nz_quadlet_value(entry);
  self->service->image_place = nz_quadlet_place(entry);
  gboolean unit = g_str_has_suffix(self->service->image, ".build") ||
                  g_str_has_suffix(self->service->image, ".image");
  return !unit || read_image_unit(self, entry, error);
}

static void
note_others(const Reader *self)
{
  static const struct {
    const char *section, *key, *note;
  } others[] = {
      {"Service", "User", "[Service] User= is not the user in the container; [Container] has one"},
      {"Container", "Pod", "what the pod says (its user namespace, ports) is not looked at"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    const NzUnitEntry *entry = nz_unit_last(self->unit, others[i].section, others[i].key);
    if (entry)
      nz_services_note(self->quadlet->result, entry->source, entry->key_span.start, "%s",
                       others[i].note);
  }
}

static gboolean
read_container(Reader *self, NzSourceFile *source, GError **error)
{
  if (!read_image(self, source, error) || !read_user(self, error) ||
      !read_capabilities(self, error))
    return FALSE;
  read_userns(self);
  read_ports(self);
  read_privileges(self);
  note_others(self);
  if (!nz_quadlet_args(self->unit, section, flags, self, error))
    return FALSE;
  if (self->userns)
    nz_service_set_userns(self->service, self->userns, g_steal_pointer(&self->userns_place),
                          self->userns_how);
  if (!self->no_new_privileges)
    nz_service_add_act(self->service, NZ_ACT_NEW_PRIVILEGES,
                       self->privileges_place ? g_steal_pointer(&self->privileges_place)
                                              : nz_place_copy(self->service->place),
                       NULL, NULL);
  return TRUE;
}

/* --- the unit --- */

/* The line of the first key of SECTION: where it says what it is about. */
static NzPlace *
find_place(const NzUnit *unit, NzSourceFile *source, const char *name)
{
  for (guint i = 0; i < unit->entries->len; i++) {
    const NzUnitEntry *entry = unit->entries->pdata[i];
    if (strcmp(entry->section, name) == 0)
      return nz_source_place(entry->source, entry->key_span);
  }
  return nz_source_place(source, (NzSpan){0, 0});
}

static gboolean
read_unit(NzQuadlet *self, NzSourceFile *source, const char *directory, const char *name,
          GError **error)
{
  g_autoptr(NzUnit) unit = nz_quadlet_load(self, source, directory, error);
  if (!unit)
    return FALSE;
  gboolean build = nz_unit_has(unit, "Build") && !nz_unit_has(unit, section);
  if (!build && !nz_unit_has(unit, section))
    return nz_unit_fail(source, 0, error, "there is no [Container] or [Build] section");
  NzService *service = nz_service_new(name, find_place(unit, source, build ? "Build" : section));
  g_ptr_array_add(self->result->services, service);
  g_auto(Reader)
      reader = {.quadlet = self, .unit = unit, .directory = directory, .service = service};
  gboolean done = build ? nz_quadlet_read_build(self, unit, directory, service, error)
                        : read_container(&reader, source, error);
  g_ptr_array_add(service->arguments, NULL);
  g_ptr_array_add(service->contexts, NULL);
  return done;
}

NzServices *
nz_quadlet_read(NzSourceFile *source, const NzServiceOptions *options, GError **error)
{
  g_autoptr(NzServices) result = nz_services_new();
  NzQuadlet self = {options, result};
  g_autofree char *name = g_path_get_basename(source->name);
  g_autofree char *own = g_path_get_dirname(source->name);
  const char *directory = options->directory ? options->directory : own;
  if (!read_unit(&self, source, directory, name, error))
    return NULL;
  return g_steal_pointer(&result);
}
