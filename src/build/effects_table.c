/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that are followed, by name, sorted. */
#include <stdlib.h>
#include <string.h>

#include "build/effects_private.h"

/* clang-format off */
static const NzEffectCommand commands[] = {
    {".", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"addgroup", nz_effect_addgroup, NZ_NEEDS_ROOT},
    {"adduser", nz_effect_adduser, NZ_NEEDS_ROOT},
    {"apk", nz_effect_apk, NZ_NEEDS_NO_ROOT},
    {"apt", nz_effect_apt, NZ_NEEDS_NO_ROOT},
    {"apt-get", nz_effect_apt, NZ_NEEDS_NO_ROOT},
    {"aptitude", nz_effect_apt, NZ_NEEDS_NO_ROOT},
    {"ash", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"bash", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"chgpasswd", NULL, NZ_NEEDS_ROOT},
    {"chgrp", nz_effect_chgrp, NZ_NEEDS_NO_ROOT},
    {"chmod", nz_effect_chmod, NZ_NEEDS_NO_ROOT},
    {"chown", nz_effect_chown, NZ_NEEDS_NO_ROOT},
    {"chpasswd", nz_effect_chpasswd, NZ_NEEDS_ROOT},
    {"cp", nz_effect_cp, NZ_NEEDS_NO_ROOT},
    {"curl", nz_effect_download, NZ_NEEDS_NO_ROOT},
    {"dash", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"dd", nz_effect_dd, NZ_NEEDS_NO_ROOT},
    {"delgroup", nz_effect_delgroup, NZ_NEEDS_ROOT},
    {"deluser", nz_effect_deluser, NZ_NEEDS_ROOT},
    {"dnf", nz_effect_dnf, NZ_NEEDS_NO_ROOT},
    {"dpkg", nz_effect_dpkg, NZ_NEEDS_NO_ROOT},
    {"dpkg-reconfigure", NULL, NZ_NEEDS_ROOT},
    {"dpkg-statoverride", nz_effect_statoverride, NZ_NEEDS_ROOT},
    {"find", nz_effect_find, NZ_NEEDS_NO_ROOT},
    {"gpasswd", nz_effect_gpasswd, NZ_NEEDS_ROOT},
    {"groupadd", nz_effect_groupadd, NZ_NEEDS_ROOT},
    {"groupdel", nz_effect_groupdel, NZ_NEEDS_ROOT},
    {"groupmod", nz_effect_groupmod, NZ_NEEDS_ROOT},
    {"install", nz_effect_install, NZ_NEEDS_NO_ROOT},
    {"ksh", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"ln", nz_effect_ln, NZ_NEEDS_NO_ROOT},
    {"locale-gen", NULL, NZ_NEEDS_ROOT},
    {"make", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"microdnf", nz_effect_dnf, NZ_NEEDS_NO_ROOT},
    {"mkdir", nz_effect_mkdir, NZ_NEEDS_NO_ROOT},
    {"mv", nz_effect_mv, NZ_NEEDS_NO_ROOT},
    {"newusers", nz_effect_account_edit, NZ_NEEDS_ROOT},
    {"passwd", nz_effect_passwd, NZ_NEEDS_NO_ROOT},
    {"perl", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"pip", nz_effect_pip, NZ_NEEDS_NO_ROOT},
    {"pip3", nz_effect_pip, NZ_NEEDS_NO_ROOT},
    {"python", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"python3", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"rm", nz_effect_rm, NZ_NEEDS_NO_ROOT},
    {"rpm", nz_effect_dpkg, NZ_NEEDS_NO_ROOT},
    {"ruby", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"sed", nz_effect_sed, NZ_NEEDS_NO_ROOT},
    {"setcap", nz_effect_setcap, NZ_NEEDS_ROOT},
    {"sh", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"source", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"su", nz_effect_su, NZ_NEEDS_NO_ROOT},
    {"tdnf", nz_effect_dnf, NZ_NEEDS_NO_ROOT},
    {"tee", nz_effect_tee, NZ_NEEDS_NO_ROOT},
    {"touch", nz_effect_touch, NZ_NEEDS_NO_ROOT},
    {"update-alternatives", NULL, NZ_NEEDS_ROOT},
    {"update-ca-certificates", NULL, NZ_NEEDS_ROOT},
    {"useradd", nz_effect_useradd, NZ_NEEDS_ROOT},
    {"userdel", nz_effect_userdel, NZ_NEEDS_ROOT},
    {"usermod", nz_effect_usermod, NZ_NEEDS_ROOT},
    {"vigr", nz_effect_account_edit, NZ_NEEDS_ROOT},
    {"vipw", nz_effect_account_edit, NZ_NEEDS_ROOT},
    {"wget", nz_effect_download, NZ_NEEDS_NO_ROOT},
    {"yum", nz_effect_dnf, NZ_NEEDS_NO_ROOT},
    {"zsh", nz_effect_script, NZ_NEEDS_NO_ROOT},
    {"zypper", nz_effect_dnf, NZ_NEEDS_NO_ROOT},
};
/* clang-format on */

static int
compare(gconstpointer name, gconstpointer command)
{
  return strcmp(name, ((const NzEffectCommand *)command)->name);
}

const NzEffectCommand *
nz_effect_named(const char *name)
{
  return bsearch(name, commands, G_N_ELEMENTS(commands), sizeof *commands, compare);
}
