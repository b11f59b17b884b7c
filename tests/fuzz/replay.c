/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for libFuzzer: gives every file of a folder to the target and reports each as one TAP
 * test. A crash ends the program before its line, which a TAP reader takes as a failure. */
#include <glib.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static int
by_name(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
list_files(const char *dir)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) opened = g_dir_open(dir, 0, &error);
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  if (!opened) {
    printf("Bail out! %s\n", error->message);
    return names;
  }
  const char *name;
  while ((name = g_dir_read_name(opened)))
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, by_name);
  return names;
}

static gboolean
replay(const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename(dir, name, NULL);
  g_autofree char *data = NULL;
  gsize len;
  if (!g_file_get_contents(path, &data, &len, NULL))
    return FALSE;
  /* Of exact size: the sanitizer sees a read behind the end. */
  g_autofree guint8 *copy = g_memdup2(data, len);
  LLVMFuzzerTestOneInput(copy ? copy : (const guint8 *)"", len);
  return TRUE;
}

int
main(int argc, char **argv)
{
  if (argc != 2) {
    fputs("usage: replay FOLDER\n", stderr);
    return 64;
  }
  g_autoptr(GPtrArray) names = list_files(argv[1]);
  if (names->len == 0) {
    puts("1..1\nnot ok 1 the folder holds inputs");
    return 1;
  }
  printf("1..%u\n", names->len);
  gboolean all = TRUE;
  for (guint i = 0; i < names->len; i++) {
    printf("# %s\n", (const char *)names->pdata[i]);
    fflush(stdout);
    gboolean ok = replay(argv[1], names->pdata[i]);
    printf("%s %u %s\n", ok ? "ok" : "not ok", i + 1, (const char *)names->pdata[i]);
    fflush(stdout);
    all &= ok;
  }
  return all ? 0 : 1;
}
