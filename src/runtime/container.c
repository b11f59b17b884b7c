/* SPDX-License-Identifier: Apache-2.0 */
/* What engines call the cgroups of their containers. A path is read from the root down, component
 * by component, with what stands before it:
 *
 *   systemd's driver     [.../]SLICE/PREFIX-ID.scope     docker-, libpod-, cri-containerd-, crio-
 *                                                        nerdctl-, runc-, crun-
 *   ... that another     [.../]SLICE:PREFIX:ID           runc took a systemd path for a directory
 *   cgroupfs driver      /docker/ID  /libpod_parent/libpod-ID  /NAMESPACE/ID (ctr, nerdctl; where
 *                        neither is telling, it is a candidate: identify.c)
 *   Podman under systemd UNIT.service/libpod-payload-ID  (--cgroups=split, Quadlet)
 *   Kubernetes           kubepods[/QOS]/podUID/[crio-]ID
 *                        ...kubepods[-QOS]-podUID.slice/PREFIX-ID.scope (UID with underscores)
 *   rootless             user-N.slice/user@N.service/... of the above
 *   others               /docker/buildkit/ID  buildah-buildahN  lxc.payload.NAME  /lxc/NAME
 *                        machine.slice/machine-NAME.scope
 *
 * An id is 64 hexadecimal digits where the engine makes it; libpod-conmon- and crio-conmon- scopes
 * hold the monitor, and do not match because "conmon-ID" is no id. What is below a container's own
 * group (init.scope, Podman's "container", a payload's own services) is the container's.
 *
 * Sources: the engines' own code and the paths that users of them report. */
#include "runtime/container.h"

#include <string.h>

#include "core/text.h"

#define HEX_ID_LEN 64

typedef struct {
  const char *text;
  gsize len;
} Piece;

typedef enum {
  ID_HEX,    /* 64 hexadecimal digits */
  ID_BUILD,  /* BuildKit's: 25 of 0-9a-z */
  ID_DIGITS, /* what Buildah counts or draws by lot */
  ID_NAME,   /* what a user chose */
} IdKind;

/* PREFIX, an id, SUFFIX. */
typedef struct {
  const char *prefix, *suffix; /* SUFFIX NULL: ".scope" or nothing */
  const char *parent;          /* NULL: any */
  IdKind id;
  NzContainerEngine engine;
  const char *space;
} Form;

static const Form forms[] = {
    {"docker-", NULL, NULL, ID_HEX, NZ_CONTAINER_DOCKER, NULL},
    {"docker-", ".scope", NULL, ID_BUILD, NZ_CONTAINER_BUILDKIT, NULL},
    {"libpod-payload-", NULL, NULL, ID_HEX, NZ_CONTAINER_PODMAN, NULL},
    {"libpod-", NULL, NULL, ID_HEX, NZ_CONTAINER_PODMAN, NULL},
    {"cri-containerd-", NULL, NULL, ID_HEX, NZ_CONTAINER_CONTAINERD, "k8s.io"},
    {"crio-", NULL, NULL, ID_HEX, NZ_CONTAINER_CRIO, NULL},
    {"nerdctl-", NULL, NULL, ID_HEX, NZ_CONTAINER_NERDCTL, NULL},
    {"containerd-", ".scope", NULL, ID_HEX, NZ_CONTAINER_CONTAINERD, NULL},
    {"buildah-buildah", NULL, NULL, ID_DIGITS, NZ_CONTAINER_BUILDAH, NULL},
    {"crun-buildah-buildah", ".scope", NULL, ID_DIGITS, NZ_CONTAINER_BUILDAH, NULL},
    {"runc-buildah-buildah", ".scope", NULL, ID_DIGITS, NZ_CONTAINER_BUILDAH, NULL},
    {"crun-", ".scope", NULL, ID_NAME, NZ_CONTAINER_RUNTIME, NULL},
    {"runc-", ".scope", NULL, ID_NAME, NZ_CONTAINER_RUNTIME, NULL},
    {"lxc.payload.", "", NULL, ID_NAME, NZ_CONTAINER_LXC, NULL},
    {"machine-lxc\\x2d", ".scope", "machine.slice", ID_NAME, NZ_CONTAINER_LXC, NULL},
    {"machine-", ".scope", "machine.slice", ID_NAME, NZ_CONTAINER_NSPAWN, NULL},
    {"systemd-nspawn@", ".service", "machine.slice", ID_NAME, NZ_CONTAINER_NSPAWN, NULL},
};

/* PARENT, a slash, and an id alone. */
typedef struct {
  const char *parent;
  gboolean at_root; /* the parent is the path's first component, or the container's */
  IdKind id;
  NzContainerEngine engine;
  const char *space;
} PlainForm;

static const PlainForm plain_forms[] = {
    {"docker", FALSE, ID_HEX, NZ_CONTAINER_DOCKER, NULL},
    {"buildkit", FALSE, ID_BUILD, NZ_CONTAINER_BUILDKIT, NULL},
    {"lxc", TRUE, ID_NAME, NZ_CONTAINER_LXC, NULL},
    {"lxc.payload", TRUE, ID_NAME, NZ_CONTAINER_LXC, NULL},
    {"default", TRUE, ID_NAME, NZ_CONTAINER_CONTAINERD, "default"},
    {"k8s.io", TRUE, ID_NAME, NZ_CONTAINER_CONTAINERD, "k8s.io"},
};

/* Groups whose children with a container's id are no containers: Podman's pods, and what Kata runs
 * beside its machines. */
static const char *const not_parents[] = {"libpod_parent", "kata_overhead"};

static const char *const engine_names[NZ_CONTAINER_ENGINES] = {
    [NZ_CONTAINER_ANY] = "unknown",
    [NZ_CONTAINER_DOCKER] = "docker",
    [NZ_CONTAINER_PODMAN] = "podman",
    [NZ_CONTAINER_CONTAINERD] = "containerd",
    [NZ_CONTAINER_CRIO] = "cri-o",
    [NZ_CONTAINER_NERDCTL] = "nerdctl",
    [NZ_CONTAINER_BUILDKIT] = "buildkit",
    [NZ_CONTAINER_BUILDAH] = "buildah",
    [NZ_CONTAINER_RUNTIME] = "runtime",
    [NZ_CONTAINER_LXC] = "lxc",
    [NZ_CONTAINER_NSPAWN] = "systemd-nspawn",
};

const char *
nz_container_engine_name(NzContainerEngine engine)
{
  return engine_names[engine];
}

gboolean
nz_container_engine_find(const char *name, NzContainerEngine *engine)
{
  for (guint i = 0; i < NZ_CONTAINER_ENGINES; i++) {
    if (strcmp(engine_names[i], name) == 0) {
      *engine = (NzContainerEngine)i;
      return TRUE;
    }
  }
  return FALSE;
}

/* --- pieces of text --- */

static gboolean
is(Piece piece, const char *text)
{
  return piece.len == strlen(text) && memcmp(piece.text, text, piece.len) == 0;
}

static gboolean
take_prefix(Piece *piece, const char *prefix)
{
  gsize n = strlen(prefix);
  if (piece->len < n || memcmp(piece->text, prefix, n) != 0)
    return FALSE;
  piece->text += n;
  piece->len -= n;
  return TRUE;
}

static gboolean
take_suffix(Piece *piece, const char *suffix)
{
  gsize n = strlen(suffix);
  if (piece->len < n || memcmp(piece->text + piece->len - n, suffix, n) != 0)
    return FALSE;
  piece->len -= n;
  return TRUE;
}

/* The mark of names that somebody made: containerd's identifiers and what systemd escapes. */
static gboolean
is_name_mark(char c)
{
  return g_ascii_isalnum(c) || strchr("._-\\:@", c);
}

static gboolean
is_hex(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static gboolean
is_build_mark(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static gboolean
is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static gboolean
is_id(Piece piece, IdKind kind)
{
  static const struct {
    gboolean (*mark)(char);
    gsize len; /* 0: any */
  } kinds[] = {
      [ID_HEX] = {is_hex, HEX_ID_LEN},
      [ID_BUILD] = {is_build_mark, 25},
      [ID_DIGITS] = {is_digit, 0},
      [ID_NAME] = {is_name_mark, 0},
  };
  if (piece.len == 0 || (kinds[kind].len && piece.len != kinds[kind].len) || is(piece, ".") ||
      is(piece, ".."))
    return FALSE;
  for (gsize i = 0; i < piece.len; i++)
    if (piece.text[i] == '\0' || !kinds[kind].mark(piece.text[i]))
      return FALSE;
  return TRUE;
}

/* What systemd's \xNN at TEXT stands for, of those that may be part of a name: no slash or dot,
 * which could make a path of it. 0: none. */
static int
escaped(const char *text, gsize len)
{
  if (len < 4 || text[0] != '\\' || text[1] != 'x' || !g_ascii_isxdigit(text[2]) ||
      !g_ascii_isxdigit(text[3]))
    return 0;
  int c = g_ascii_xdigit_value(text[2]) * 16 + g_ascii_xdigit_value(text[3]);
  return c < 0x7f && g_ascii_isgraph((char)c) && c != '/' && c != '.' ? c : 0;
}

/* PIECE into OUT, of SIZE bytes; what does not fit is left out. */
static void
copy(char *out, gsize size, Piece piece)
{
  gsize n = 0;
  for (gsize i = 0; i < piece.len && n + 1 < size; i++) {
    int c = escaped(piece.text + i, piece.len - i);
    if (c == 0) {
      out[n++] = piece.text[i];
      continue;
    }
    out[n++] = (char)c;
    i += 3;
  }
  out[n] = '\0';
}

/* --- what stands above a container --- */

/* A pod's UID: a UUID with hyphens or underscores, or the 32 digits of a static pod. */
static gboolean
is_pod_uid(Piece piece)
{
  if (piece.len != 36 && piece.len != 32)
    return FALSE;
  for (gsize i = 0; i < piece.len; i++) {
    gboolean joint = piece.len == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
    if (joint ? piece.text[i] != '-' && piece.text[i] != '_' : !is_hex(piece.text[i]))
      return FALSE;
  }
  return TRUE;
}

/* "pod<UID>", or "[kubelet-]kubepods[-besteffort]-pod<UID>.slice". */
static gboolean
take_pod(Piece piece, NzContainerRef *ref)
{
  if (take_suffix(&piece, ".slice")) {
    const char *found = g_strstr_len(piece.text, (gssize)piece.len, "kubepods");
    const char *pod = found ? g_strrstr_len(found, piece.text + piece.len - found, "-pod") : NULL;
    if (!pod)
      return FALSE;
    piece = (Piece){pod + 1, (gsize)(piece.text + piece.len - pod - 1)};
  }
  if (!take_prefix(&piece, "pod") || !is_pod_uid(piece))
    return FALSE;
  copy(ref->pod, sizeof ref->pod, piece);
  g_strdelimit(ref->pod, "_", '-');
  ref->kubernetes = TRUE;
  return TRUE;
}

/* Podman's: "machine-libpod_pod_<ID>.slice", or an id below libpod_parent. */
static void
take_podman_pod(Piece piece, Piece parent, NzContainerRef *ref)
{
  if (take_suffix(&piece, ".slice")) {
    const char *found = g_strstr_len(piece.text, (gssize)piece.len, "libpod_pod_");
    if (!found)
      return;
    piece = (Piece){found, (gsize)(piece.text + piece.len - found)};
    take_prefix(&piece, "libpod_pod_");
  } else if (!is(parent, "libpod_parent")) {
    return;
  }
  if (is_id(piece, ID_HEX))
    copy(ref->pod, sizeof ref->pod, piece);
}

/* "user@1000.service" below "user-1000.slice": what that user's own systemd started. */
static void
take_owner(Piece piece, Piece parent, NzContainerRef *ref)
{
  gint64 uid, of_slice;
  if (take_prefix(&piece, "user@") && take_suffix(&piece, ".service") &&
      take_prefix(&parent, "user-") && take_suffix(&parent, ".slice") && is_id(piece, ID_DIGITS) &&
      is_id(parent, ID_DIGITS) && nz_parse_int(piece.text, piece.len, &uid) == NZ_INT_OK &&
      nz_parse_int(parent.text, parent.len, &of_slice) == NZ_INT_OK && uid == of_slice && uid > 0 &&
      uid < G_MAXUINT32) {
    ref->rootless = TRUE;
    ref->owner = (guint32)uid;
  }
}

/* --- a container --- */

/* What one component says. */
typedef struct {
  NzContainerEngine engine;
  Piece id;
  const char *space;
  Piece space_piece; /* where it is the path's */
} Hit;

static gboolean
match_form(const Form *form, Piece piece, Piece parent, Hit *hit)
{
  if ((form->parent && !is(parent, form->parent)) || !take_prefix(&piece, form->prefix))
    return FALSE;
  if (!form->suffix)
    take_suffix(&piece, ".scope");
  else if (!take_suffix(&piece, form->suffix))
    return FALSE;
  if (!is_id(piece, form->id))
    return FALSE;
  *hit = (Hit){.engine = form->engine, .id = piece, .space = form->space};
  return TRUE;
}

/* Virtual machines that libvirt registers beside containers. */
static gboolean
is_machine(Piece piece)
{
  return take_prefix(&piece, "machine-qemu") || take_prefix(&piece, "machine-kvm") ||
         take_prefix(&piece, "machine-xen") || take_prefix(&piece, "machine-ch\\x2d");
}

static gboolean
match_named(Piece piece, Piece parent, Hit *hit)
{
  if (is_machine(piece))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
    if (match_form(&forms[i], piece, parent, hit))
      return TRUE;
  return FALSE;
}

/* "SLICE:PREFIX:ID". */
static gboolean
match_colons(Piece piece, NzContainerRef *ref, Hit *hit)
{
  const char *first = memchr(piece.text, ':', piece.len);
  if (!first)
    return FALSE;
  Piece slice = {piece.text, (gsize)(first - piece.text)};
  Piece rest = {first + 1, piece.len - slice.len - 1};
  const char *second = memchr(rest.text, ':', rest.len);
  if (!second)
    return FALSE;
  Piece prefix = {rest.text, (gsize)(second - rest.text)};
  Piece id = {second + 1, rest.len - prefix.len - 1};
  for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
    const Form *form = &forms[i];
    Piece own = {form->prefix, strlen(form->prefix)};
    if (take_suffix(&own, "-") && own.len == prefix.len &&
        memcmp(own.text, prefix.text, own.len) == 0 && is_id(id, form->id)) {
      take_pod(slice, ref);
      *hit = (Hit){.engine = form->engine, .id = id, .space = form->space};
      return TRUE;
    }
  }
  return FALSE;
}

/* An id alone; DEPTH is how many components stand between the parent and the root, or the container
 * that all this is in. */
static gboolean
match_plain(Piece piece, Piece parent, guint depth, Hit *hit)
{
  for (gsize i = 0; i < G_N_ELEMENTS(plain_forms); i++) {
    const PlainForm *form = &plain_forms[i];
    if (is(parent, form->parent) && (!form->at_root || depth == 0) && is_id(piece, form->id)) {
      *hit = (Hit){.engine = form->engine, .id = piece, .space = form->space};
      return TRUE;
    }
  }
  for (gsize i = 0; i < G_N_ELEMENTS(not_parents); i++)
    if (is(parent, not_parents[i]))
      return FALSE;
  if (!is_id(piece, ID_HEX))
    return FALSE;
  *hit = (Hit){.engine = NZ_CONTAINER_ANY, .id = piece};
  /* Of containerd's clients it is the namespace, of others a group that somebody chose. */
  if (depth == 0 && is_id(parent, ID_NAME))
    hit->space_piece = parent;
  return TRUE;
}

static void
take_hit(NzContainerRef *ref, const Hit *hit, gsize end)
{
  if (ref->root_len > 0) {
    copy(ref->inner, sizeof ref->inner, hit->id);
    ref->inner_engine = hit->engine;
    return;
  }
  ref->engine = hit->engine;
  ref->root_len = end;
  copy(ref->id, sizeof ref->id, hit->id);
  if (hit->space)
    g_strlcpy(ref->space, hit->space, sizeof ref->space);
  else if (hit->space_piece.len > 0)
    copy(ref->space, sizeof ref->space, hit->space_piece);
}

/* The next component of TEXT[*AT..LEN); FALSE: there is none. */
static gboolean
next_piece(const char *text, gsize len, gsize *at, Piece *piece)
{
  while (*at < len && text[*at] == '/')
    (*at)++;
  gsize start = *at;
  while (*at < len && text[*at] != '/')
    (*at)++;
  *piece = (Piece){text + start, *at - start};
  return piece->len > 0;
}

static gboolean
container_of(Piece path, NzContainerRef *out)
{
  NzContainerRef ref = {0};
  Piece piece, parent = {"", 0};
  guint depth = 0; /* components before the parent */
  gsize at = 0;
  /* Of a group that was removed while a process was still in it. */
  take_suffix(&path, " (deleted)");
  while (next_piece(path.text, path.len, &at, &piece)) {
    Hit hit;
    gboolean found = match_named(piece, parent, &hit) || match_colons(piece, &ref, &hit) ||
                     match_plain(piece, parent, depth > 0 ? depth - 1 : 0, &hit);
    if (found) {
      take_hit(&ref, &hit, at);
      depth = 0;
    } else {
      depth++;
    }
    if (!found && ref.root_len == 0) {
      take_owner(piece, parent, &ref);
      take_podman_pod(piece, parent, &ref);
      take_pod(piece, &ref);
    }
    parent = piece;
  }
  if (ref.root_len == 0)
    return FALSE;
  *out = ref;
  return TRUE;
}

gboolean
nz_cgroup_container(const char *path, NzContainerRef *ref)
{
  return container_of((Piece){path, strlen(path)}, ref);
}

/* --- containerd's namespaces of any name --- */

static gboolean
is_unit(Piece piece)
{
  static const char *const ends[] = {".slice", ".scope", ".service", ".mount", ".socket", ".swap"};
  for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
    if (take_suffix(&piece, ends[i]))
      return TRUE;
  return FALSE;
}

static gboolean
candidate_of(Piece path, NzContainerRef *out)
{
  Piece space, id;
  gsize at = 0;
  take_suffix(&path, " (deleted)");
  if (!next_piece(path.text, path.len, &at, &space) || !next_piece(path.text, path.len, &at, &id) ||
      !is_id(space, ID_NAME) || !is_id(id, ID_NAME) || is_unit(space) || is_unit(id) ||
      space.len > NZ_CONTAINER_ID_MAX || id.len > NZ_CONTAINER_ID_MAX)
    return FALSE;
  NzContainerRef ref = {.engine = NZ_CONTAINER_CONTAINERD, .root_len = at};
  copy(ref.id, sizeof ref.id, id);
  copy(ref.space, sizeof ref.space, space);
  *out = ref;
  return TRUE;
}

gboolean
nz_cgroup_candidate(const char *path, NzContainerRef *ref)
{
  return candidate_of((Piece){path, strlen(path)}, ref);
}

/* --- /proc/PID/cgroup --- */

/* "ID:CONTROLLERS:PATH". */
static gboolean
split_line(Piece line, Piece *controllers, Piece *path)
{
  const char *first = memchr(line.text, ':', line.len);
  if (!first)
    return FALSE;
  gsize rest = line.len - (gsize)(first - line.text) - 1;
  const char *second = memchr(first + 1, ':', rest);
  if (!second)
    return FALSE;
  *controllers = (Piece){first + 1, (gsize)(second - first) - 1};
  *path = (Piece){second + 1, line.len - (gsize)(second - line.text) - 1};
  return path->len > 0;
}

static gboolean
find_in_file(const char *text, gsize len, gboolean (*find)(Piece path, NzContainerRef *ref),
             NzContainerRef *ref)
{
  guint best = 0; /* 3: the unified hierarchy, 2: systemd's, 1: another */
  for (gsize at = 0; at < len && best < 3; at++) {
    const char *end = memchr(text + at, '\n', len - at);
    Piece line = {text + at, end ? (gsize)(end - text) - at : len - at}, controllers, path;
    at += line.len;
    if (!split_line(line, &controllers, &path))
      continue;
    guint rank = controllers.len == 0 ? 3 : is(controllers, "name=systemd") ? 2 : 1;
    if (rank > best && find(path, ref))
      best = rank;
  }
  return best > 0;
}

gboolean
nz_cgroup_file_container(const char *text, gsize len, NzContainerRef *ref)
{
  return find_in_file(text, len, container_of, ref);
}

gboolean
nz_cgroup_file_candidate(const char *text, gsize len, NzContainerRef *ref)
{
  return find_in_file(text, len, candidate_of, ref);
}

char *
nz_container_ref_text(const NzContainerRef *ref)
{
  gboolean hex = is_id((Piece){ref->id, strlen(ref->id)}, ID_HEX);
  g_autofree char *id = nz_printable(ref->id, hex ? 12 : -1);
  return g_strconcat(nz_container_engine_name(ref->engine), ":", id, NULL);
}
