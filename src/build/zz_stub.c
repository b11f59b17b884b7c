#include "build/evaluate.h"
#include "build/service.h"
#include "core/error.h"
NzBuildBase *nz_build_base_new(const char *n){NzBuildBase*b=g_new0(NzBuildBase,1);b->name=g_strdup(n);return b;}
NzBuildBase *nz_build_base_copy(const NzBuildBase *o){return nz_build_base_new(o->name);}
void nz_build_base_free(NzBuildBase*b){if(!b)return;g_free(b->name);g_free(b->because);g_free(b->unknown);g_free(b->user);g_strfreev(b->environment);g_free(b);}
NzBuildBase *nz_build_base_well_known(const char *n){if(!g_str_has_prefix(n,"debian"))return NULL;NzBuildBase*b=nz_build_base_new(n);b->because=g_strdup("stub");b->user_known=TRUE;return b;}
