"""Pods of Windows: there is no user 0; root is ContainerAdministrator, in any case of its letters."""

from kube_case import never_passes, non_root, one, refused, root
from lint_case import ANY

WINDOWS = "os: {name: windows}"
ROOT = "which will be regarded as root identity and will break non-root policy"


def runs_as(user):
    return f"windowsOptions: {{runAsUserName: {user}}}"


def windows(name, wanted, pod="", app="", image="unheard-of", by=(), spec=WINDOWS):
    return one(f"windows-{name}", wanted, pod=pod, app=app, image=image, spec=spec, by=by)


POD, APP = "pod.windowsOptions", "app.windowsOptions"

CASES = [
    windows("user", non_root(ANY), pod=runs_as("ContainerUser"), by=POD),
    windows("user-of-the-container", non_root(ANY), pod=runs_as("ContainerAdministrator"), app=runs_as("ContainerUser"),
            by=APP),
    # Options of pod and container are laid over each other field by field.
    windows("other-option-of-the-container", root(ANY), pod=runs_as("ContainerAdministrator"),
            app="windowsOptions: {gmsaCredentialSpecName: x}", by=POD),
    windows("user-null-of-the-container", root(ANY), pod=runs_as("ContainerAdministrator"), app=runs_as("null"), by=POD),
    windows("own-user", non_root(ANY), app=runs_as("app"), by=APP),
    windows("administrator", root(ANY), pod=runs_as("ContainerAdministrator"), by=POD),
    windows("administrator-of-the-container", root(ANY), pod=runs_as("ContainerUser"),
            app=runs_as("ContainerAdministrator"), by=APP),
    windows("administrator-in-small-letters", root(ANY), pod=runs_as("containeradministrator"), by=POD),
    windows("administrator-in-capitals", root(ANY), pod=runs_as("CONTAINERADMINISTRATOR"), by=POD),
    windows("system", never_passes(), pod=runs_as('"NT AUTHORITY\\\\SYSTEM"'), by=POD),
    windows("nothing-said", never_passes("unknown", "root"), by="image"),
    windows("image-of-an-administrator", root(ANY), image="container-admin", by="image"),
    windows("image-of-a-user", non_root(ANY), image="container-user", by="image"),
    windows("user-over-an-image-of-an-administrator", non_root(ANY), pod=runs_as("ContainerUser"),
            image="container-admin", by=POD),
    windows("administrator-over-an-image-of-a-user", root(ANY), pod=runs_as("ContainerAdministrator"),
            image="container-user", by=POD),
    windows("gate-administrator", refused("ContainerAdministrator", ROOT),
            pod="runAsNonRoot: true; " + runs_as("ContainerAdministrator")),
    windows("gate-administrator-in-small-letters", refused("containeradministrator", ROOT),
            pod="runAsNonRoot: true; " + runs_as("containeradministrator")),
    windows("gate-image-of-an-administrator", refused("ContainerAdministrator", ROOT), pod="runAsNonRoot: true",
            image="container-admin"),
    windows("gate-user", non_root(ANY), pod="runAsNonRoot: true; " + runs_as("ContainerUser"), by=POD),
    windows("gate-image-of-a-user", non_root(ANY), pod="runAsNonRoot: true", image="container-user", by="image"),
    windows("gate-of-the-container", refused(ROOT), pod=runs_as("ContainerAdministrator"),
            app="runAsNonRoot: true"),
    windows("gate-off-in-the-container", root(ANY), pod="runAsNonRoot: true; " + runs_as("ContainerAdministrator"),
            app="runAsNonRoot: false", by=POD),
    # runAsUser says nothing there: the API server takes no such pod.
    windows("user-of-linux", never_passes(), pod="runAsUser: 1000"),
    windows("user-of-linux-over-an-administrator", never_passes(), pod="runAsUser: 1000; "
            + runs_as("ContainerAdministrator")),
    # And the name of Windows says nothing on Linux.
    windows("options-on-linux", never_passes(), pod=runs_as("ContainerUser"), image="none", spec="os: {name: linux}"),
    windows("options-where-no-system-is-named", never_passes(), pod=runs_as("ContainerUser"), image="none", spec=""),
    windows("options-where-no-system-is-named-and-user-0", never_passes(),
            pod="runAsUser: 0; " + runs_as("ContainerUser"), image="none", spec=""),
    windows("host-process", never_passes("root", "unknown", "wont-start"), spec=WINDOWS + "; hostNetwork: true",
            pod='windowsOptions: {hostProcess: true, runAsUserName: "NT AUTHORITY\\\\SYSTEM"}'),
]
