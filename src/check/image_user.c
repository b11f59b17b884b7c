/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

/* What to do depends on what is wrong. */
static const char *
remedy_for(const NzUser *user, gboolean in_pod)
{
  static const char *const of_pods[] = {
      [NZ_USER_ROOT] = "set runAsUser to a number that is not 0, and runAsNonRoot: true, in the "
                       "pod's securityContext; or start the image so: `USER 65532:65532`",
      [NZ_USER_UNKNOWN] = "set runAsUser to a number that is not 0; or say whom the image starts "
                          "as, with --image NAME=USER, or where it is, with --images registry",
      [NZ_USER_ROOT_IN_USERNS] = "set runAsUser to a number that is not 0: a user namespace keeps "
                                 "root away from the host, not from the container",
  };
  static const char *const remedies[] = {
      [NZ_USER_ROOT] = "end the Dockerfile with a numeric user that is not 0, such as `USER "
                       "65532:65532`, and give it what it must write; ports below 1024 are mapped "
                       "by the runtime: `-p 80:8080`",
      [NZ_USER_NON_ROOT] = "write a number that no entry of /etc/passwd has as its name, and build "
                           "the passwd anew",
      [NZ_USER_UNKNOWN] = "settle what the reason names; a number as USER needs no passwd, and a "
                          "root filesystem is judged with --user",
      [NZ_USER_WONT_START] = "write a user and group that the image has, or numbers from 1 to "
                             "2147483647: `USER 65532:65532`",
      [NZ_USER_ROOT_IN_USERNS] = "start as a user that is not 0 there, too: a user namespace keeps "
                                 "root away from the host, not from the container",
  };
  if (in_pod && user->state < G_N_ELEMENTS(of_pods) && of_pods[user->state])
    return of_pods[user->state];
  return remedies[user->state];
}

/* OTHER_USERS: another reading of the image may give the name another uid. */
static void
judge(const NzUser *user, gboolean other_users, const NzPlace *place, gboolean in_pod,
      GPtrArray *findings)
{
  gboolean fails =
      user->state == NZ_USER_ROOT || user->state == NZ_USER_ROOT_IN_USERNS || user->hostile;
  gboolean undecided =
      user->state == NZ_USER_UNKNOWN || user->state == NZ_USER_WONT_START || other_users;
  if (!fails && !undecided)
    return;
  const char *doubt = other_users && !fails ? "; but the passwd or group of another reading of "
                                              "the layers is not known"
                                            : "";
  const char *what = user->state == NZ_USER_ROOT             ? "starts as root"
                     : user->state == NZ_USER_ROOT_IN_USERNS ? "starts as root of a user namespace"
                     : user->state == NZ_USER_WONT_START     ? "does not start everywhere"
                     : user->state == NZ_USER_UNKNOWN        ? "starts as an unknown user"
                                                             : "may start as root";
  NzFinding *f = nz_finding_new(nz_check_image_user.rule, fails ? NZ_LEVEL_FAIL : NZ_LEVEL_WARN,
                                remedy_for(user, in_pod), "%s: %s%s", what, user->why, doubt);
  f->undecided = undecided;
  f->place = nz_place_copy(place);
  g_ptr_array_add(findings, f);
}

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  judge(facts->user, facts->user->by_name && (facts->ambiguities_hide & NZ_HIDES_USERS), NULL,
        FALSE, findings);
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  /* It starts as nobody: kubelet-refuses says so. */
  if (nz_acts_next(facts, NZ_ACT_REFUSED, &i))
    return;
  judge(facts->user, FALSE, facts->user_place, facts->in_pod, findings);
}

/* Of images and Dockerfiles; then of Kubernetes: trivy, checkov, kubescape, polaris, kube-linter,
 * kube-score, kyverno. */
static const char *const aliases[] = {"CIS-DI-0001",
                                      "DL3002",
                                      "DS-0002",
                                      "AVD-DS-0002",
                                      "CKV_DOCKER_3",
                                      "CKV_DOCKER_8",
                                      "KSV-0012",
                                      "AVD-KSV-0012",
                                      "KSV-0105",
                                      "AVD-KSV-0105",
                                      "KSV-0020",
                                      "AVD-KSV-0020",
                                      "CKV_K8S_6",
                                      "CKV_K8S_23",
                                      "CKV_K8S_40",
                                      "C-0013",
                                      "runAsRootAllowed",
                                      "run-as-non-root",
                                      "container-security-context-user-group-id",
                                      "require-run-as-non-root-user",
                                      NULL};

const NzCheck nz_check_image_user = {
    .rule = "image-user",
    .title = "it starts as root, or as nobody knows whom",
    .level = "fail; warn where the user cannot be decided",
    .why = "The first process of every container of this image runs as this user. As root it may "
           "do to the container, and through any flaw in its walls to the host, what root may do.",
    .remedy = "start as a user that is not root: see each finding",
    .aliases = aliases,
    .sources = "CBPP-0002, containers should execute processes as a non-root user\nOCI image "
               "specification, config.md, User\nmoby/sys/user, GetExecUser",
    .required = TRUE,
    .by_config = TRUE,
    .run = run,
    .run_build = run_build,
};
