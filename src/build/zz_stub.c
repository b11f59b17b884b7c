#include "build/evaluate.h"
#include "build/service.h"
#include "fix/fix.h"
#include "core/error.h"
NzBuildBase *nz_build_base_new(const char *n){NzBuildBase*b=g_new0(NzBuildBase,1);b->name=g_strdup(n);return b;}
NzBuildBase *nz_build_base_copy(const NzBuildBase *o){return nz_build_base_new(o->name);}
void nz_build_base_free(NzBuildBase*b){if(!b)return;g_free(b->name);g_free(b->because);g_free(b->unknown);g_free(b->user);g_strfreev(b->environment);g_free(b);}
NzBuildBase *nz_build_base_well_known(const char *n){if(!g_str_has_prefix(n,"debian"))return NULL;NzBuildBase*b=nz_build_base_new(n);b->because=g_strdup("stub");b->user_known=TRUE;return b;}
void nz_fix_dockerfile(const NzBuild *b G_GNUC_UNUSED, GPtrArray *f G_GNUC_UNUSED, GPtrArray *x G_GNUC_UNUSED){}
char *nz_fixes_apply(const char *d, gsize l, const GPtrArray *f G_GNUC_UNUSED, gsize *n, GError **e G_GNUC_UNUSED){*n=l;return g_strndup(d,l);}
char *nz_unified_diff(const char *n G_GNUC_UNUSED, const char *a G_GNUC_UNUSED, gsize al G_GNUC_UNUSED, const char *b G_GNUC_UNUSED, gsize bl G_GNUC_UNUSED){return g_strdup("");}
