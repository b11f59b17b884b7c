/* SPDX-License-Identifier: Apache-2.0 */
#include "check/running_facts.h"

static const char *const cause_names[NZ_ROOT_CAUSES] = {
    [NZ_ROOT_UNKNOWN] = "unknown",
    [NZ_ROOT_IMAGE_DEFAULT] = "image-default",
    [NZ_ROOT_RUNTIME_USER] = "runtime-user",
    [NZ_ROOT_STARTED] = "started",
    [NZ_ROOT_EXEC_INJECTED] = "exec-injected",
    [NZ_ROOT_SETUID_BINARY] = "setuid-binary",
    [NZ_ROOT_FILE_CAPABILITIES] = "file-capabilities",
    [NZ_ROOT_SET_ID] = "set-id",
    [NZ_ROOT_USER_NAMESPACE] = "user-namespace",
    [NZ_ROOT_INHERITED] = "inherited",
};

const char *
nz_root_cause_name(NzRootCause cause)
{
  return cause_names[cause];
}

NzRootFact *
nz_root_fact_new(void)
{
  return g_new0(NzRootFact, 1);
}

void
nz_root_fact_free(NzRootFact *self)
{
  if (!self)
    return;
  g_free(self->executable);
  g_free(self->file);
  g_free(self->arguments);
  g_free(self->parents);
  g_free(self->terminal);
  g_free(self);
}

/* FALSE: no file made it root. */
static gboolean
kind_of(NzRootCause cause, NzScannedKind *kind)
{
  *kind = cause == NZ_ROOT_FILE_CAPABILITIES ? NZ_SCANNED_CAPABLE : NZ_SCANNED_SETUID;
  return cause == NZ_ROOT_FILE_CAPABILITIES || cause == NZ_ROOT_SETUID_BINARY;
}

NzFileSource
nz_running_file_source(const NzRunningFacts *facts, const NzRootFact *root,
                       const NzScannedFile **file)
{
  NzScannedKind kind;
  const char *path = root->file ? root->file : root->executable;
  *file = NULL;
  if (!facts->scanned || !path || root->nested || !kind_of(root->cause, &kind))
    return NZ_FILE_NOT_KNOWN;
  *file = nz_scanned_image_find(facts->scanned, kind, path);
  if (*file)
    return NZ_FILE_OF_IMAGE;
  return root->file && facts->scanned->complete[kind] ? NZ_FILE_NOT_OF_IMAGE : NZ_FILE_NOT_KNOWN;
}
