/* SPDX-License-Identifier: Apache-2.0 */
/* For tests/e2e: what is known of the containers that processes are in.
 * Usage: containerlist PID...; prints one JSON object a line. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "image/json.h"
#include "runtime/describe.h"

static const char *const kinds[] = {"unknown", "container", "sandbox"};
static const char *const causes[] = {"unknown", "not-root", "image", "runtime"};

static void
add(json_t *out, const char *key, const char *value)
{
  if (value)
    json_object_set_new(out, key, json_string(value));
}

static void
print(const NzContainerFacts *facts)
{
  g_autoptr(NzJson) out = json_object();
  add(out, "engine", nz_container_engine_name(facts->ref.engine));
  add(out, "id", facts->ref.id);
  add(out, "name", facts->name);
  add(out, "image", facts->image);
  add(out, "image_id", facts->image_id);
  add(out, "pod", facts->pod);
  add(out, "namespace", facts->space);
  add(out, "declared", facts->declared);
  add(out, "image_user", facts->image_user);
  add(out, "kind", kinds[facts->kind]);
  add(out, "cause", causes[facts->start]);
  add(out, "bundle", facts->bundle);
  add(out, "why", facts->why);
  if (facts->has_uid)
    json_object_set_new(out, "uid", json_integer(facts->uid));
  json_object_set_new(out, "userns", json_boolean(facts->userns));
  json_object_set_new(out, "privileged", json_boolean(facts->privileged));
  json_object_set_new(out, "hooks", json_integer(facts->hooks));
  g_autofree char *text = json_dumps(out, JSON_COMPACT);
  puts(text);
}

int
main(int argc, char **argv)
{
  g_autoptr(NzEnginePlaces) places = nz_engine_places_new();
  int missing = 0;
  for (int i = 1; i < argc; i++) {
    g_autofree char *path = g_strdup_printf("/proc/%s/cgroup", argv[i]), *text = NULL;
    gsize len;
    NzContainerRef ref;
    gint64 pid;
    if (nz_parse_int(argv[i], strlen(argv[i]), &pid) != NZ_INT_OK ||
        !g_file_get_contents(path, &text, &len, NULL) ||
        !nz_cgroup_file_container(text, len, &ref)) {
      missing = 1;
      continue;
    }
    g_autoptr(NzContainerFacts) facts = nz_container_describe(places, &ref, (gint)pid);
    print(facts);
  }
  return missing;
}
