/* SPDX-License-Identifier: Apache-2.0 */
#include "build/service_private.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

/* Below it a process needs a privilege to listen, unless the kernel was told otherwise. */
#define FIRST_FREE_PORT 1024

NzService *
nz_service_new(const char *name, NzPlace *place)
{
  NzService *self = g_new0(NzService, 1);
  self->name = nz_printable(name, -1);
  self->place = place;
  self->arguments = g_ptr_array_new_with_free_func(g_free);
  self->contexts = g_ptr_array_new_with_free_func(g_free);
  self->acts = g_ptr_array_new_with_free_func((GDestroyNotify)nz_act_free);
  return self;
}

void
nz_service_free(NzService *self)
{
  if (!self)
    return;
  char *texts[] = {
      self->name,   self->image, self->context, self->dockerfile, self->dockerfile_inline,
      self->target, self->user,  self->unknown};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  NzPlace *places[] = {self->place,      self->image_place,  self->build_place,
                       self->user_place, self->userns_place, self->inline_place};
  for (guint i = 0; i < G_N_ELEMENTS(places); i++)
    nz_place_free(places[i]);
  g_ptr_array_unref(self->arguments);
  g_ptr_array_unref(self->contexts);
  g_ptr_array_unref(self->acts);
  g_free(self);
}

NzServices *
nz_services_new(void)
{
  NzServices *self = g_new0(NzServices, 1);
  self->services = g_ptr_array_new_with_free_func((GDestroyNotify)nz_service_free);
  self->notes = g_ptr_array_new_with_free_func(g_free);
  return self;
}

void
nz_services_free(NzServices *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->services);
  g_ptr_array_unref(self->notes);
  g_free(self);
}

void
nz_services_note(NzServices *self, NzSourceFile *source, guint32 at, const char *format, ...)
{
  if (self->notes->len >= NZ_SERVICE_NOTES_MAX)
    return;
  if (self->notes->len == NZ_SERVICE_NOTES_MAX - 1) {
    g_ptr_array_add(self->notes, g_strdup("and more notes, which are not shown"));
    return;
  }
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  guint column = 0;
  guint line = nz_source_line(source, at, &column);
  g_ptr_array_add(self->notes, g_strdup_printf("%s:%u:%u: %s", source->name, line, column, text));
}

void
nz_service_add_act(NzService *self, NzActKind kind, NzPlace *place, const char *what,
                   const char *how)
{
  if (self->acts->len >= NZ_ACTS_MAX) {
    nz_place_free(place);
    return;
  }
  g_autofree char *shown = what ? nz_printable(what, -1) : NULL;
  g_ptr_array_add(self->acts, nz_act_new(kind, place, shown, how));
}

void
nz_service_add_capability(NzService *self, const char *text, NzPlace *place, const char *how)
{
  g_autofree char *name = g_ascii_strup(text, -1);
  const char *what = g_str_has_prefix(name, "CAP_") ? name + strlen("CAP_") : name;
  nz_service_add_act(self, NZ_ACT_CAP_ADD, place, what, how);
}

/* "80" or "80-90", of which the first is *LOW. */
static gboolean
parse_range(const char *text, guint64 *low)
{
  g_auto(GStrv) ends = g_strsplit(text, "-", 3);
  guint64 high;
  guint n = g_strv_length(ends);
  return (n == 1 || n == 2) && g_ascii_string_to_unsigned(ends[0], 10, 1, 65535, low, NULL) &&
         (n == 1 || g_ascii_string_to_unsigned(ends[1], 10, *low, 65535, &high, NULL));
}

gboolean
nz_service_add_port(NzService *self, const char *text, NzPlace *place, const char *how)
{
  g_autoptr(NzPlace) at = place;
  const char *colon = strrchr(text, ':');
  g_auto(GStrv) parts = g_strsplit(colon ? colon + 1 : text, "/", 3);
  if (!parts[0] || (parts[1] && parts[2]))
    return FALSE;
  guint64 low;
  if (!parse_range(parts[0], &low))
    return FALSE;
  if (low >= FIRST_FREE_PORT)
    return TRUE;
  g_autofree char *protocol = g_ascii_strdown(parts[1] && *parts[1] ? parts[1] : "tcp", -1);
  g_autofree char *what = g_strdup_printf("%s/%s", parts[0], protocol);
  nz_service_add_act(self, NZ_ACT_PORT, g_steal_pointer(&at), what, how);
  return TRUE;
}

/* Docker takes "=", which it prefers, and ":"; without a value it is set. */
gboolean
nz_service_no_new_privileges(const char *option, gboolean *set)
{
  static const char name[] = "no-new-privileges";
  if (!g_str_has_prefix(option, name))
    return FALSE;
  const char *rest = option + strlen(name);
  if (*rest == '=' || *rest == ':')
    return nz_service_parse_bool(rest + 1, set);
  if (!*rest)
    *set = TRUE;
  return !*rest;
}

gboolean
nz_service_parse_bool(const char *text, gboolean *value)
{
  static const char *const words[] = {"true",  "yes", "on",  "1", "t", "y",
                                      "false", "no",  "off", "0", "f", "n"};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_ascii_strcasecmp(text, words[i]) == 0) {
      *value = i < G_N_ELEMENTS(words) / 2;
      return TRUE;
    }
  return FALSE;
}

/* The number that "uid=" or "gid=" gives in the options of keep-id; NULL: none. */
static char *
keep_id_number(char **options, const char *key)
{
  char *number = NULL;
  for (; *options; options++)
    if (g_str_has_prefix(*options, key)) {
      g_free(number);
      number = g_strdup(*options + strlen(key));
    }
  return number;
}

/* podman-run(1): with keep-id the container starts as the user who runs Podman, or as uid and gid
 * say, unless a user is given. */
static void
apply_keep_id(NzService *self, const char *options, const char *how)
{
  if (self->user || self->unknown)
    return;
  g_auto(GStrv) parts = g_strsplit(options, ",", -1);
  g_autofree char *uid = keep_id_number(parts, "uid=");
  g_autofree char *gid = keep_id_number(parts, "gid=");
  if (!uid) {
    self->unknown = g_strdup_printf("%s starts it as whoever runs Podman", how);
    return;
  }
  self->user = gid ? g_strdup_printf("%s:%s", uid, gid) : g_strdup(uid);
  nz_place_free(self->user_place);
  self->user_place = nz_place_copy(self->userns_place);
}

void
nz_service_set_userns(NzService *self, const char *mode, NzPlace *place, const char *how)
{
  static const char *const private[] = {"auto", "keep-id", "nomap"};
  nz_place_free(self->userns_place);
  self->userns_place = place;
  self->userns = FALSE;
  if (strcmp(mode, "host") == 0) {
    nz_service_add_act(self, NZ_ACT_HOST_USERNS, nz_place_copy(place), NULL, how);
    return;
  }
  gsize len = strcspn(mode, ":");
  for (guint i = 0; i < G_N_ELEMENTS(private); i++)
    self->userns |= strlen(private[i]) == len && strncmp(mode, private[i], len) == 0;
  if (self->userns && g_str_has_prefix(mode, "keep-id"))
    apply_keep_id(self, mode[len] ? mode + len + 1 : "", how);
}

char *
nz_service_join(const char *directory, const char *path)
{
  g_autofree char *whole = g_path_is_absolute(path) || !directory
                               ? g_strdup(path)
                               : g_build_filename(directory, path, NULL);
  g_auto(GStrv) parts = g_strsplit(whole, "/", -1);
  g_autoptr(GPtrArray) kept = g_ptr_array_new();
  gboolean absolute = whole[0] == '/';
  for (char **part = parts; *part; part++) {
    gboolean up = strcmp(*part, "..") == 0;
    gboolean has = kept->len > 0 && strcmp(kept->pdata[kept->len - 1], "..") != 0;
    if (!**part || strcmp(*part, ".") == 0 || (up && absolute && !has))
      continue;
    if (up && has)
      g_ptr_array_set_size(kept, (gint)kept->len - 1);
    else
      g_ptr_array_add(kept, *part);
  }
  g_ptr_array_add(kept, NULL);
  g_autofree char *joined = g_strjoinv("/", (char **)kept->pdata);
  return absolute ? g_strconcat("/", joined, NULL) : g_strdup(*joined ? joined : ".");
}

gboolean
nz_service_is_remote(const char *path)
{
  return strstr(path, "://") || g_str_has_prefix(path, "git@") ||
         g_str_has_prefix(path, "github.com/");
}
