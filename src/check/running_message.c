/* SPDX-License-Identifier: Apache-2.0 */
#include "check/running_message.h"

static const char *
cause_text(NzRootCause cause)
{
  static const char *const texts[NZ_ROOT_CAUSES] = {
      [NZ_ROOT_UNKNOWN] = "it already did when the watch began",
      [NZ_ROOT_IMAGE_DEFAULT] = "the image starts so",
      [NZ_ROOT_RUNTIME_USER] = "who started the container asked for it",
      [NZ_ROOT_STARTED] = "it was started so",
      [NZ_ROOT_EXEC_INJECTED] = "somebody ran it in the container from outside",
      [NZ_ROOT_SETUID_BINARY] = "its file is setuid",
      [NZ_ROOT_FILE_CAPABILITIES] = "its file has capabilities",
      [NZ_ROOT_SET_ID] = "it changed its user",
      [NZ_ROOT_USER_NAMESPACE] = "it made a user namespace",
      [NZ_ROOT_INHERITED] = "its parent was root",
  };
  return texts[cause];
}

static void
add_file(NzFinding *f, const NzScannedImage *scanned, const NzScannedFile *file)
{
  g_autoptr(GString) text = g_string_new(f->message);
  g_string_append_printf(text, "; the image has %s", file->path);
  if (file->has_layer)
    g_string_append_printf(text, ", of layer %u", file->layer.index);
  if (file->origin == NZ_ORIGIN_BASE)
    g_string_append(text, ", of its base image");
  if (file->package)
    g_string_append_printf(text, ", of the package %s", file->package);
  g_string_append_printf(text, " (%s)", scanned->report);
  g_free(f->message);
  f->message = g_strdup(text->str);
  f->layer = file->has_layer ? &file->layer : NULL;
  f->package = g_strdup(file->package);
}

NzFinding *
nz_finding_add_root(GPtrArray *findings, const NzCheck *check, NzLevel level,
                    const NzRunningFacts *facts, const NzRootFact *root, const char *what)
{
  const NzScannedFile *file;
  gboolean has_path = root->executable && *root->executable == '/';
  g_autoptr(GString) text = g_string_new(NULL);
  if (!has_path)
    g_string_append_printf(text, "%s ", root->executable ? root->executable : "a process");
  g_string_append(text, what);
  if (!root->on_host)
    g_string_append_printf(text, ", user %u of the host", root->host_uid);
  g_string_append_printf(text, ": %s (%s)", cause_text(root->cause),
                         nz_root_cause_name(root->cause));
  if (root->terminal)
    g_string_append_printf(text, ", at the terminal %s", root->terminal);
  if (root->count > 1)
    g_string_append_printf(text, "; seen %" G_GUINT64_FORMAT " times", root->count);
  if (root->parents)
    g_string_append_printf(text, "; started by %s", root->parents);
  NzFinding *f = nz_finding_new(check->rule, level, check->remedy, "%s", text->str);
  f->path = has_path ? g_strdup(root->executable) : NULL;
  f->process = nz_process_fact_new();
  f->process->cause = nz_root_cause_name(root->cause);
  f->process->arguments = g_strdup(root->arguments);
  f->process->parents = g_strdup(root->parents);
  f->process->terminal = g_strdup(root->terminal);
  f->process->pid = root->pid;
  f->process->host_uid = root->host_uid;
  f->process->first = root->first;
  f->process->last = root->last;
  f->process->count = root->count;
  if (nz_running_file_source(facts, root, &file) == NZ_FILE_OF_IMAGE)
    add_file(f, facts->scanned, file);
  g_ptr_array_add(findings, f);
  return f;
}
