/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "runtime/proc.h"
#include "watch.skel.h"

struct NzProbe {
  struct nz_watch_bpf *skeleton;
  struct ring_buffer *ring;
  guint n_processors;
  gboolean costly;
  /* While records are given out. */
  NzRecordFunc func;
  gpointer user_data;
  guint left;
};

/* The last that libbpf had to say: of what it refuses, the reason. */
static char libbpf_said[256];

static int
keep_message(enum libbpf_print_level level, const char *format, va_list args)
{
  if (level == LIBBPF_WARN)
    g_vsnprintf(libbpf_said, sizeof libbpf_said, format, args);
  return 0;
}

/* --- what is refused --- */

static const struct {
  guint bit;
  const char *name;
} wanted[] = {{39, "CAP_BPF"}, {38, "CAP_PERFMON"}};

/* "CAP_BPF and CAP_PERFMON", of those that we have not; NULL: none. */
static char *
missing_capabilities(void)
{
  guint64 have = nz_proc_own_capabilities();
  g_autoptr(GString) text = g_string_new(NULL);
  if (have & (1ull << 21)) /* CAP_SYS_ADMIN stands for them */
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
    if (!(have & (1ull << wanted[i].bit)))
      g_string_append_printf(text, "%s%s", text->len ? " and " : "", wanted[i].name);
  return text->len ? g_strdup(text->str) : NULL;
}

static gboolean
set_refused(GError **error, int errnum)
{
  struct utsname system = {0};
  g_autofree char *missing = missing_capabilities();
  g_autofree char *said = nz_printable(g_strstrip(libbpf_said), -1);
  uname(&system);
  if (missing)
    g_set_error(
        error, NZ_ERROR, NZ_ERROR_DENIED,
        "events of the kernel are for those with %s (and SYS_PTRACE and DAC_READ_SEARCH, to "
        "read who is who): run as root, or give them",
        missing);
  else if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
    g_set_error(
        error, NZ_ERROR, NZ_ERROR_IO,
        "Linux %s has no BTF (/sys/kernel/btf/vmlinux: %s), without which its events cannot "
        "be read; it is built in with CONFIG_DEBUG_INFO_BTF",
        system.release, g_strerror(errno));
  else if (errnum == EPERM || errnum == EACCES)
    g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
                "Linux %s refuses to load BPF, although we have the capabilities (%s): a security "
                "module or a seccomp filter may forbid it",
                system.release, said);
  else
    g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "Linux %s cannot run the watcher's BPF (%s: %s)",
                system.release, g_strerror(errnum), said);
  return FALSE;
}

/* --- loading --- */

/* What kernels have and allow, the most first. NONZERO_WATCH_ABILITY, for tests, passes over so
 * many.
 */
typedef struct {
  gboolean capable;    /* cap_capable: 6.14 */
  gboolean probe_read; /* unless it is locked down for confidentiality */
  gboolean snprintf;   /* 5.13 */
} Ability;

static const Ability abilities[] = {{TRUE, TRUE, TRUE},
                                    {TRUE, FALSE, TRUE},
                                    {FALSE, TRUE, TRUE},
                                    {FALSE, FALSE, TRUE},
                                    {FALSE, FALSE, FALSE}};

static guint
first_ability(void)
{
  const char *said = secure_getenv("NONZERO_WATCH_ABILITY");
  guint64 number = 0;
  return said && g_ascii_string_to_unsigned(said, 10, 0, G_N_ELEMENTS(abilities) - 1, &number, NULL)
             ? (guint)number
             : 0;
}

/* v1's controllers, by the kernel's names, as in enum nz_controller. */
static const char *const controllers[] = {[NZ_CONTROLLER_PIDS] = "pids",
                                          [NZ_CONTROLLER_MEMORY] = "memory",
                                          [NZ_CONTROLLER_DEVICES] = "devices",
                                          [NZ_CONTROLLER_FREEZER] = "freezer",
                                          [NZ_CONTROLLER_CPU] = "cpu"};

static gboolean
is_legacy(char *const *lines, const char *controller)
{
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) fields = g_strsplit(lines[i], "\t", 4);
    if (fields[0] && fields[1] && strcmp(fields[0], controller) == 0)
      return strcmp(fields[1], "0") != 0;
  }
  return FALSE;
}

static guint32
find_legacy_controller(void)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents("/proc/cgroups", &text, NULL, NULL))
    return NZ_CONTROLLER_NONE;
  g_auto(GStrv) lines = g_strsplit(text, "\n", 64);
  for (guint32 i = NZ_CONTROLLER_PIDS; i < G_N_ELEMENTS(controllers); i++)
    if (is_legacy(lines, controllers[i]))
      return i;
  return NZ_CONTROLLER_NONE;
}

const char *
nz_probe_legacy_controller(void)
{
  return controllers[find_legacy_controller()];
}

static int
try_load(NzProbe *self, const Ability *ability, guint buffer)
{
  self->skeleton = nz_watch_bpf__open();
  if (!self->skeleton)
    return -errno;
  struct nz_watch_bpf *s = self->skeleton;
  s->rodata->legacy_controller = find_legacy_controller();
  s->rodata->has_snprintf = ability->snprintf;
  s->rodata->has_probe_read = ability->probe_read;
  self->costly = !ability->capable;
  int failed = bpf_map__set_max_entries(s->maps.ring, buffer);
  if (!failed)
    failed = bpf_program__set_autoload(
        ability->capable ? s->progs.on_sys_exit : s->progs.on_capable, false);
  if (!failed)
    failed = nz_watch_bpf__load(s);
  if (failed) {
    nz_watch_bpf__destroy(s);
    self->skeleton = NULL;
  }
  return failed;
}

static gboolean
load(NzProbe *self, guint buffer, GError **error)
{
  int failed = -EINVAL, first = 0;
  for (guint i = first_ability(); i < G_N_ELEMENTS(abilities) && failed; i++) {
    failed = try_load(self, &abilities[i], buffer);
    if (failed == -EPERM) /* that does not change */
      break;
    first = first ? first : failed;
  }
  return !failed || set_refused(error, first ? -first : -failed);
}

/* All that an iterator says. */
static GByteArray *
read_iterator(const struct bpf_link *link)
{
  GByteArray *said = g_byte_array_new();
  int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
  guint8 buf[8192];
  gssize got = fd;
  while (fd >= 0 && (got = read(fd, buf, sizeof buf)) != 0)
    if (got > 0)
      g_byte_array_append(said, buf, (guint)got);
    else if (errno != EINTR && errno != EAGAIN)
      break;
  if (fd >= 0)
    close(fd);
  if (got >= 0)
    return said;
  g_byte_array_unref(said);
  return NULL;
}

static gboolean
find_host(NzProbe *self, GError **error)
{
  struct nz_watch_bpf *s = self->skeleton;
  s->links.find_host = bpf_program__attach(s->progs.find_host);
  g_autoptr(GByteArray) said = read_iterator(s->links.find_host);
  if (said && said->len == sizeof(guint32)) {
    memcpy((void *)&s->bss->host_mntns, said->data, sizeof(guint32));
    return TRUE;
  }
  if (!said)
    return set_refused(error, errno);
  g_set_error(
      error, NZ_ERROR, NZ_ERROR_IO,
      "we are in a pid namespace of our own and do not see the host's processes: run in the "
      "host's (--pid=host, hostPID: true)");
  return FALSE;
}

/* Forks are followed before execs are judged, and what runs is looked at last: nothing passes
 * between. */
static gboolean
attach(NzProbe *self, GError **error)
{
  struct nz_watch_bpf *s = self->skeleton;
  const struct {
    struct bpf_link **link;
    const struct bpf_program *program;
  } all[] = {
      {&s->links.on_fork, s->progs.on_fork},
      {&s->links.on_exit, s->progs.on_exit},
      {self->costly ? &s->links.on_sys_exit : &s->links.on_capable,
       self->costly ? s->progs.on_sys_exit : s->progs.on_capable},
      {&s->links.on_exec, s->progs.on_exec},
      {&s->links.find_running, s->progs.find_running},
  };
  for (guint i = 0; i < G_N_ELEMENTS(all); i++)
    if (!(*all[i].link = bpf_program__attach(all[i].program)))
      return set_refused(error, errno);
  return TRUE;
}

static int
give(void *data, void *record, size_t len)
{
  NzProbe *self = data;
  self->func(record, len, self->user_data);
  return --self->left == 0 ? -EAGAIN : 0; /* stops after this one */
}

NzProbe *
nz_probe_new(guint buffer, GError **error)
{
  g_autoptr(NzProbe) self = g_new0(NzProbe, 1);
  int n = libbpf_num_possible_cpus();
  libbpf_set_print(keep_message);
  libbpf_said[0] = '\0';
  self->n_processors = n > 0 ? (guint)n : 1;
  if (!load(self, buffer, error) || !find_host(self, error))
    return NULL;
  self->ring = ring_buffer__new(bpf_map__fd(self->skeleton->maps.ring), give, self, NULL);
  if (!self->ring) {
    set_refused(error, errno);
    return NULL;
  }
  if (!attach(self, error))
    return NULL;
  malloc_trim(0); /* the kernel's BTF was read, some megabytes */
  return g_steal_pointer(&self);
}

void
nz_probe_free(NzProbe *self)
{
  if (!self)
    return;
  if (self->ring)
    ring_buffer__free(self->ring);
  if (self->skeleton)
    nz_watch_bpf__destroy(self->skeleton);
  g_free(self);
}

/* --- records --- */

gboolean
nz_probe_find_running(NzProbe *self, NzRecordFunc func, gpointer user_data, GError **error)
{
  const gsize len = G_STRUCT_OFFSET(struct nz_root_record, text);
  g_autoptr(GByteArray) said = read_iterator(self->skeleton->links.find_running);
  if (!said)
    return set_refused(error, errno);
  for (gsize at = 0; at + len <= said->len; at += len) {
    struct nz_root_record record = {0};
    memcpy(&record, said->data + at, len);
    func(&record.head, len, user_data);
  }
  return TRUE;
}

int
nz_probe_fd(const NzProbe *self)
{
  return ring_buffer__epoll_fd(self->ring);
}

gboolean
nz_probe_consume(NzProbe *self, guint most, NzRecordFunc func, gpointer user_data)
{
  self->func = func;
  self->user_data = user_data;
  self->left = most;
  ring_buffer__consume(self->ring);
  return self->left == 0;
}

/* --- control groups --- */

static int
fd_of(const struct bpf_map *map)
{
  return bpf_map__fd(map);
}

gboolean
nz_probe_place(const NzProbe *self, const struct nz_group *group, struct nz_place *place)
{
  return bpf_map_lookup_elem(fd_of(self->skeleton->maps.places), group, place) == 0;
}

void
nz_probe_ignore(NzProbe *self, const struct nz_group *group)
{
  const guint8 yes = 1;
  bpf_map_update_elem(fd_of(self->skeleton->maps.ignored), group, &yes, BPF_ANY);
  nz_probe_forget(self, group);
}

void
nz_probe_forget(NzProbe *self, const struct nz_group *group)
{
  bpf_map_delete_elem(fd_of(self->skeleton->maps.places), group);
}

GArray *
nz_probe_groups(const NzProbe *self)
{
  GArray *groups = g_array_new(FALSE, FALSE, sizeof(struct nz_group));
  struct nz_group key, *last = NULL;
  /* Where a key goes away meanwhile the walk begins anew: bounded, and what comes twice is told
   * apart by who asked. */
  while (groups->len < 2 * NZ_WATCH_GROUPS_MAX &&
         bpf_map_get_next_key(fd_of(self->skeleton->maps.places), last, &key) == 0) {
    g_array_append_val(groups, key);
    last = &key;
  }
  return groups;
}

void
nz_probe_set_root(NzProbe *self, const struct nz_userns *userns, guint32 root)
{
  bpf_map_update_elem(fd_of(self->skeleton->maps.roots), userns, &root, BPF_ANY);
}

/* --- enforcement --- */

void
nz_probe_enforce(NzProbe *self, gboolean host, gboolean userns, gboolean no_exceptions)
{
  self->skeleton->bss->no_exceptions = (guint32)no_exceptions;
  self->skeleton->bss->enforce_host = (guint32)host;
  self->skeleton->bss->enforce_userns = (guint32)userns;
}

void
nz_probe_permit(NzProbe *self, const struct nz_group *group, const struct nz_file *file,
                guint8 permit)
{
  const struct nz_permit key = {.group = *group, .file = *file};
  bpf_map_update_elem(fd_of(self->skeleton->maps.permits), &key, &permit, BPF_ANY);
}

void
nz_probe_forget_permits(NzProbe *self)
{
  int map = fd_of(self->skeleton->maps.permits);
  struct nz_permit key;
  while (bpf_map_get_next_key(map, NULL, &key) == 0)
    if (bpf_map_delete_elem(map, &key) != 0)
      break;
}

/* --- what was lost --- */

void
nz_probe_losses(const NzProbe *self, guint64 losses[NZ_LOSSES])
{
  g_autofree guint64 *each = g_new0(guint64, self->n_processors);
  for (guint32 i = 0; i < NZ_LOSSES; i++) {
    losses[i] = 0;
    if (bpf_map_lookup_elem(fd_of(self->skeleton->maps.losses), &i, each) == 0)
      for (guint p = 0; p < self->n_processors; p++)
        losses[i] += each[p];
  }
}

guint64
nz_probe_missed(const NzProbe *self)
{
  const struct nz_watch_bpf *s = self->skeleton;
  const struct bpf_program *const programs[] = {
      s->progs.on_exec, s->progs.on_fork, s->progs.on_exit,
      self->costly ? s->progs.on_sys_exit : s->progs.on_capable};
  guint64 missed = 0;
  for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
    struct bpf_prog_info info = {0};
    guint32 len = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_program__fd(programs[i]), &info, &len) == 0)
      missed += info.recursion_misses;
  }
  return missed;
}

gboolean
nz_probe_is_costly(const NzProbe *self)
{
  return self->costly;
}
