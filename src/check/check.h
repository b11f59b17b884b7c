/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: facts in, findings out.
 *
 * To add one: a file with a const NzCheck, and a line in the table of check.c. The rule's name is
 * what people read, write into policies and see in every report; it says what is wrong. */
#pragma once

#include "check/build_facts.h"
#include "check/facts.h"
#include "check/profile.h"
#include "check/running_facts.h"

typedef struct {
  const char *rule;
  const char *title;          /* what it finds, in a few words */
  const char *level;          /* of its findings, and when which */
  const char *why;            /* why it matters, for people */
  const char *remedy;         /* what to do about it */
  const char *const *aliases; /* what other tools call it; NULL-terminated */
  const char *sources;        /* what it goes by: documents and sections, one a line; may be NULL */
  const char *profile;        /* runs under this profile alone; NULL: always */
  gboolean required;          /* CBPP-0002 asks for it: a finding fails the image */
  gboolean by_config; /* asks the configuration alone: runs under NZ_PROFILE_USER_ONLY too */
  /* Of NZ_PROFILE_POD_SECURITY: from v1.SINCE on; by the level restricted alone, or by that before
   * v1.UNTIL. The same stands in the tables of kube/pod_security.c, which tests hold this to. */
  guint since, until;
  gboolean restricted;
  /* NULL: the rule is found by others, such as the policy. */
  void (*run)(const NzImageFacts *facts, GPtrArray *findings);
  void (*run_build)(const NzBuildFacts *facts, GPtrArray *findings); /* of a source; may be NULL */
  /* of a container that runs; may be NULL */
  void (*run_running)(const NzRunningFacts *facts, GPtrArray *findings);
} NzCheck;

extern const NzCheck nz_check_image_user, nz_check_setuid_root, nz_check_setuid_inert,
    nz_check_setgid_root, nz_check_setuid_other, nz_check_setgid_other, nz_check_file_capabilities,
    nz_check_uid0_alias, nz_check_user_not_numeric, nz_check_ambiguous_layer,
    nz_check_media_type_mismatch, nz_check_root_no_password, nz_check_sudoers_nopasswd,
    nz_check_writable_passwd, nz_check_writable_code, nz_check_unwritable_state,
    nz_check_entrypoint_not_executable, nz_check_low_port, nz_check_drops_root,
    nz_check_privileged_tools, nz_check_arbitrary_uid, nz_check_expired_exception,
    nz_check_setuid_package, nz_check_privileged_group, nz_check_privileged_run,
    nz_check_world_writable, nz_check_needs_root, nz_check_privileged_container,
    nz_check_added_capability, nz_check_new_privileges, nz_check_host_userns,
    nz_check_kubelet_refuses, nz_check_host_namespaces, nz_check_unmasked_proc, nz_check_root_group,
    nz_check_no_run_as_non_root;

/* Of running containers. */
extern const NzCheck nz_check_root_process, nz_check_root_in_userns, nz_check_runtime_drift,
    nz_check_events_lost;

/* Of profiles of pods: pod_security.c, scc.c. */
extern const NzCheck nz_check_pss_apparmor, nz_check_pss_capabilities_baseline,
    nz_check_pss_host_namespaces, nz_check_pss_host_path, nz_check_pss_host_ports,
    nz_check_pss_host_probes, nz_check_pss_privileged, nz_check_pss_proc_mount,
    nz_check_pss_selinux_options, nz_check_pss_seccomp_baseline, nz_check_pss_sysctls,
    nz_check_pss_windows_host_process, nz_check_pss_privilege_escalation,
    nz_check_pss_capabilities_restricted, nz_check_pss_proc_mount_restricted,
    nz_check_pss_volume_types, nz_check_pss_run_as_non_root, nz_check_pss_run_as_user,
    nz_check_pss_seccomp_restricted, nz_check_scc_capabilities, nz_check_scc_fs_group,
    nz_check_scc_host_namespaces, nz_check_scc_host_ports, nz_check_scc_privilege_escalation,
    nz_check_scc_privileged, nz_check_scc_run_as_user, nz_check_scc_seccomp, nz_check_scc_selinux,
    nz_check_scc_sysctls, nz_check_scc_volumes;

/* TRUE when CHECK runs on images under PROFILE. */
gboolean nz_check_runs(const NzCheck *check, const char *profile);

/* TRUE when CHECK runs on subjects of KIND under PROFILE: what is not found then was looked for. */
gboolean nz_check_asks(const NzCheck *check, const char *kind, const char *profile);

/* TRUE when CHECK can find something in a subject of KIND: one that judges images alone says
 * nothing of a Dockerfile. */
gboolean nz_check_judges(const NzCheck *check, const char *kind);

/* The check number I, NULL past the last. */
const NzCheck *nz_check_at(guint i);

/* The check called RULE, or NULL. */
const NzCheck *nz_check_find(const char *rule);

/* Calls FUNC for each check that NAME means: its rule, or what another tool calls it, in any case.
 * Returns how many there were. */
typedef void (*NzCheckFunc)(const NzCheck *check, gpointer user_data);
guint nz_check_foreach_named(const char *name, NzCheckFunc func, gpointer user_data);

/* Runs all checks. */
void nz_checks_run(const NzImageFacts *facts, GPtrArray *findings);
void nz_checks_run_build(const NzBuildFacts *facts, GPtrArray *findings);
void nz_checks_run_running(const NzRunningFacts *facts, GPtrArray *findings);

/* --- for checks --- */

/* A finding about FILE, added to FINDINGS. */
NzFinding *nz_finding_add_file(GPtrArray *findings, const NzCheck *check, NzLevel level,
                               const NzFileFact *file, const char *message);

/* The next act of KIND from number *I on, which moves past it; NULL: there is none. */
const NzAct *nz_acts_next(const NzBuildFacts *facts, NzActKind kind, guint *i);

/* A finding about ACT, at its place. Where it may not happen, a level of fail becomes warn and the
 * verdict undecided. */
NzFinding *nz_finding_add_act(GPtrArray *findings, const NzCheck *check, NzLevel level,
                              const NzAct *act, const char *format, ...) G_GNUC_PRINTF(5, 6);

static inline gboolean
nz_file_can_run(const NzFileFact *f)
{
  return (f->mode & 0111) != 0;
}

/* setuid takes effect when anyone may execute the file, setgid when the group may (inode.c and
 * exec.c: without S_IXGRP the bit means mandatory locking). */
static inline gboolean
nz_file_is_setuid(const NzFileFact *f)
{
  return (f->mode & NZ_MODE_SETUID) && nz_file_can_run(f);
}

static inline gboolean
nz_file_is_setgid(const NzFileFact *f)
{
  return (f->mode & NZ_MODE_SETGID) && (f->mode & 0010);
}
