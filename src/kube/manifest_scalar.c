/* SPDX-License-Identifier: Apache-2.0 */
/* Plain scalars as sigs.k8s.io/yaml takes them, which is YAML 1.1 as go-yaml v2 has it: yes, on and
 * y are true, 0777 is octal, 0x1F, 0b1 and 1_000 are integers, and what a tag says holds.
 *
 * An integer is what strconv.ParseInt(text, 0, 64) takes, once its underscores are gone, or a float
 * that is whole. */
#include <math.h>
#include <string.h>

#include "kube/manifest_private.h"

static const char *const yes[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                  "True", "TRUE", "on",  "On",  "ON",  NULL};
static const char *const no[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                 "False", "FALSE", "off", "Off", "OFF", NULL};
static const char *const nothing[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const floats[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "+.inf",
                                     "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};

/* The base that *TEXT names, which moves past it. */
static guint
take_base(const char **text)
{
  static const struct {
    char letter;
    guint base;
  } bases[] = {{'x', 16}, {'o', 8}, {'b', 2}};
  if (**text != '0' || !(*text)[1])
    return 10;
  for (guint i = 0; i < G_N_ELEMENTS(bases); i++)
    if (g_ascii_tolower((*text)[1]) == bases[i].letter) {
      *text += 2;
      return bases[i].base;
    }
  (*text)++;
  return 8;
}

typedef enum { NUMBER_NONE, NUMBER_FITS, NUMBER_LARGE } Number;

static Number
read_integer(const char *text, gint64 *value)
{
  gboolean negative = *text == '-';
  if (*text == '-' || *text == '+')
    text++;
  guint base = take_base(&text);
  guint64 limit = negative ? (guint64)G_MAXINT64 + 1 : G_MAXINT64, n = 0;
  Number result = *text ? NUMBER_FITS : NUMBER_NONE;
  for (; *text; text++) {
    gint digit = g_ascii_xdigit_value(*text);
    if (digit < 0 || (guint)digit >= base)
      return NUMBER_NONE;
    if (n > (limit - (guint)digit) / base)
      result = NUMBER_LARGE;
    else
      n = n * base + (guint)digit;
  }
  if (result == NUMBER_FITS)
    *value = (gint64)(negative ? 0 - n : n);
  return result;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static gboolean
is_float(const char *p)
{
  static const char digits[] = "0123456789";
  p += *p == '-' || *p == '+';
  gsize before = strspn(p, digits);
  p += before;
  if (*p == '.') {
    gsize after = strspn(++p, digits);
    if (before + after == 0)
      return FALSE;
    p += after;
  } else if (before == 0) {
    return FALSE;
  }
  if (*p == 'e' || *p == 'E') {
    p++;
    p += *p == '-' || *p == '+';
    gsize n = strspn(p, digits);
    if (n == 0)
      return FALSE;
    p += n;
  }
  return *p == '\0';
}

/* Go writes 1000 for 1e3, and 0 for 0.0: what is whole is an integer from then on. */
static gboolean
is_whole(double number, gint64 *value)
{
  if (!(fabs(number) < 0x1p63) || floor(number) != number)
    return FALSE;
  *value = (gint64)number;
  return TRUE;
}

static NzScalar
read_number(const char *text)
{
  char buffer[128];
  gsize n = 0;
  NzScalar scalar = {NZ_SCALAR_TEXT, 0};
  for (const char *p = text; *p; p++) {
    if (*p == '_')
      continue;
    if (n + 1 == sizeof buffer) /* no number anybody writes */
      return scalar;
    buffer[n++] = *p;
  }
  buffer[n] = '\0';
  Number number = read_integer(buffer, &scalar.value);
  gboolean is_int = number == NUMBER_FITS;
  if (number == NUMBER_NONE && is_float(buffer)) {
    number = NUMBER_LARGE;
    is_int = is_whole(g_ascii_strtod(buffer, NULL), &scalar.value);
  }
  if (number != NUMBER_NONE)
    scalar.kind = is_int ? NZ_SCALAR_INT : NZ_SCALAR_NUMBER;
  return scalar;
}

static NzScalar
read_plain(const char *text)
{
  if (*text && (g_ascii_isdigit(*text) || strchr("+-.", *text)) && !g_strv_contains(floats, text))
    return read_number(text);
  if (*text && !strchr("yYnNtTfFoO~.+-", *text))
    return (NzScalar){NZ_SCALAR_TEXT, 0};
  if (g_strv_contains(yes, text))
    return (NzScalar){NZ_SCALAR_BOOL, 1};
  if (g_strv_contains(no, text))
    return (NzScalar){NZ_SCALAR_BOOL, 0};
  if (g_strv_contains(nothing, text))
    return (NzScalar){NZ_SCALAR_NULL, 0};
  return (NzScalar){g_strv_contains(floats, text) ? NZ_SCALAR_NUMBER : NZ_SCALAR_TEXT, 0};
}

/* TRUE for tags by which what is quoted is read as if it were not. */
static gboolean
is_resolved(const char *tag)
{
  static const char *const names[] = {"bool", "int", "float", "null", NULL};
  static const char *const prefixes[] = {"!!", "!<tag:yaml.org,2002:", "tag:yaml.org,2002:"};
  for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
    gsize n = strlen(prefixes[i]);
    if (strncmp(tag, prefixes[i], n) != 0)
      continue;
    g_autofree char *name = g_strndup(tag + n, strcspn(tag + n, ">"));
    return g_strv_contains(names, name);
  }
  return FALSE;
}

NzScalar
nz_kube_scalar(const NzYaml *node)
{
  if (node->tag)
    return is_resolved(node->tag) ? read_plain(node->text) : (NzScalar){NZ_SCALAR_TEXT, 0};
  if (node->empty)
    return (NzScalar){NZ_SCALAR_NULL, 0};
  return node->plain ? read_plain(node->text) : (NzScalar){NZ_SCALAR_TEXT, 0};
}
