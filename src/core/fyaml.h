/* SPDX-License-Identifier: Apache-2.0 */
/* What we use of libfyaml, which is opened when it is needed: see core/library.h. */
#pragma once

#include <libfyaml.h>

#include "core/library.h"

#define NZ_FYAML(F)                                                                                \
  F(fy_diag_cfg_default)                                                                           \
  F(fy_diag_create)                                                                                \
  F(fy_diag_destroy)                                                                               \
  F(fy_diag_errors_iterate)                                                                        \
  F(fy_diag_set_collect_errors)                                                                    \
  F(fy_document_state_tags_explicit)                                                               \
  F(fy_event_end_mark)                                                                             \
  F(fy_event_get_anchor_token)                                                                     \
  F(fy_event_get_node_style)                                                                       \
  F(fy_event_get_tag_token)                                                                        \
  F(fy_event_start_mark)                                                                           \
  F(fy_parser_create)                                                                              \
  F(fy_parser_destroy)                                                                             \
  F(fy_parser_event_free)                                                                          \
  F(fy_parser_parse)                                                                               \
  F(fy_parser_set_string)                                                                          \
  F(fy_token_end_mark)                                                                             \
  F(fy_token_iter_chunk_next)                                                                      \
  F(fy_token_iter_create)                                                                          \
  F(fy_token_iter_destroy)                                                                         \
  F(fy_token_start_mark)

NZ_LIBRARY_DECLARE(nz_fyaml, NZ_FYAML)

#ifndef NZ_LINKED
#define fy_diag_cfg_default             nz_fyaml.fy_diag_cfg_default
#define fy_diag_create                  nz_fyaml.fy_diag_create
#define fy_diag_destroy                 nz_fyaml.fy_diag_destroy
#define fy_diag_errors_iterate          nz_fyaml.fy_diag_errors_iterate
#define fy_diag_set_collect_errors      nz_fyaml.fy_diag_set_collect_errors
#define fy_document_state_tags_explicit nz_fyaml.fy_document_state_tags_explicit
#define fy_event_end_mark               nz_fyaml.fy_event_end_mark
#define fy_event_get_anchor_token       nz_fyaml.fy_event_get_anchor_token
#define fy_event_get_node_style         nz_fyaml.fy_event_get_node_style
#define fy_event_get_tag_token          nz_fyaml.fy_event_get_tag_token
#define fy_event_start_mark             nz_fyaml.fy_event_start_mark
#define fy_parser_create                nz_fyaml.fy_parser_create
#define fy_parser_destroy               nz_fyaml.fy_parser_destroy
#define fy_parser_event_free            nz_fyaml.fy_parser_event_free
#define fy_parser_parse                 nz_fyaml.fy_parser_parse
#define fy_parser_set_string            nz_fyaml.fy_parser_set_string
#define fy_token_end_mark               nz_fyaml.fy_token_end_mark
#define fy_token_iter_chunk_next        nz_fyaml.fy_token_iter_chunk_next
#define fy_token_iter_create            nz_fyaml.fy_token_iter_create
#define fy_token_iter_destroy           nz_fyaml.fy_token_iter_destroy
#define fy_token_start_mark             nz_fyaml.fy_token_start_mark
#endif
