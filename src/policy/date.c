/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/date.h"

#include <string.h>

#include "core/text.h"

#define EPOCH 719163u /* 1970-01-01, where 0001-01-01 is 1 */

gboolean
nz_day_parse(const char *text, NzDay *day)
{
  gint64 y, m, d;
  if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || strspn(text, "0123456789-") != 10 ||
      nz_parse_int(text, 4, &y) != NZ_INT_OK || nz_parse_int(text + 5, 2, &m) != NZ_INT_OK ||
      nz_parse_int(text + 8, 2, &d) != NZ_INT_OK)
    return FALSE;
  if (y < 1970 || m < 1 || m > 12 || d < 1 ||
      !g_date_valid_dmy((GDateDay)d, (GDateMonth)m, (GDateYear)y))
    return FALSE;
  GDate date;
  g_date_clear(&date, 1);
  g_date_set_dmy(&date, (GDateDay)d, (GDateMonth)m, (GDateYear)y);
  *day = g_date_get_julian(&date);
  return TRUE;
}

char *
nz_day_format(NzDay day)
{
  GDate date;
  g_date_clear(&date, 1);
  g_date_set_julian(&date, day);
  return g_strdup_printf("%04u-%02u-%02u", g_date_get_year(&date), g_date_get_month(&date),
                         g_date_get_day(&date));
}

NzDay
nz_day_today(void)
{
  return EPOCH + (NzDay)(g_get_real_time() / G_TIME_SPAN_DAY);
}
