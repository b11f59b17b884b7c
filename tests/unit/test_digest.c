/* SPDX-License-Identifier: Apache-2.0 */
/* Content digests, hashed in place and on a thread. */
#include "image/digest.h"

#include "core/limits.h"
#include "support.h"

#define SHA256_ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_NIL "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA512_ABC                                                                                 \
  "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                        \
  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static const struct {
  const char *text;
  gboolean valid;
} forms[] = {
    {SHA256_ABC, TRUE},
    {SHA512_ABC, TRUE},
    {"", FALSE},
    {"sha256:", FALSE},
    {"sha256", FALSE},
    {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", FALSE},
    {"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", FALSE},
    {"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", FALSE},
    {SHA256_ABC "0", FALSE},
    {"sha256:../../../../../../../../../../../../../../../../../../../etc/pass", FALSE},
    {"sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", FALSE},
    {"md5:900150983cd24fb0d6963f7d28e17f72", FALSE},
};

static void
test_only_canonical_digests_are_valid(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
    g_test_message("%s", forms[i].text);
    g_assert_cmpint(nz_digest_valid(forms[i].text), ==, forms[i].valid);
  }
}

static void
test_known_content_has_known_digests(void)
{
  g_autofree char *abc256 = nz_digest_of("sha256:", "abc", 3);
  g_autofree char *nil256 = nz_digest_of(SHA256_ABC, "", 0);
  g_autofree char *abc512 = nz_digest_of("sha512:", "abc", 3);
  g_assert_cmpstr(abc256, ==, SHA256_ABC);
  g_assert_cmpstr(nil256, ==, SHA256_NIL);
  g_assert_cmpstr(abc512, ==, SHA512_ABC);
}

/* --- streams --- */

#define IN_PLACE ((guint64)0)
#define THREADED NZ_DIGEST_THREAD_MIN

/* Passes LEN bytes through a digest stream, which must hand on the same bytes, and gives its hash.
 */
static char *
hash_of(const void *data, gsize len, gsize step, const char *like, guint64 size_hint)
{
  g_autoptr(NzStream) stream =
      nz_digest_stream_new(dribble_stream_new(data, len, step), like, size_hint);
  g_autoptr(GByteArray) seen = g_byte_array_new();
  const guint8 *piece;
  gssize got;
  while ((got = nz_stream_peek(stream, &piece, NULL)) > 0) {
    /* Taken in two halves, so that the slot on view must stay what it is. */
    gsize first = ((gsize)got + 1) / 2;
    g_byte_array_append(seen, piece, (guint)first);
    nz_stream_take(stream, first);
    g_byte_array_append(seen, piece + first, (guint)((gsize)got - first));
    nz_stream_take(stream, (gsize)got - first);
  }
  g_assert_cmpint(got, ==, 0);
  g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&seen));
  assert_bytes(bytes, data, len);
  return nz_digest_stream_finish(stream);
}

static void
test_streams_hash_what_passes(void)
{
  static const guint64 hints[] = {IN_PLACE, THREADED};
  for (gsize i = 0; i < G_N_ELEMENTS(hints); i++) {
    g_autofree char *abc256 = hash_of("abc", 3, 1, "sha256:", hints[i]);
    g_autofree char *abc512 = hash_of("abc", 3, 2, "sha512:", hints[i]);
    g_autofree char *nil256 = hash_of("", 0, 1, "sha256:", hints[i]);
    g_assert_cmpstr(abc256, ==, SHA256_ABC);
    g_assert_cmpstr(abc512, ==, SHA512_ABC);
    g_assert_cmpstr(nil256, ==, SHA256_NIL);
  }
}

/* More than the ring holds, several times, and not a whole number of slots. */
static void
test_the_ring_wraps_around(void)
{
  gsize len = NZ_DIGEST_CHUNK * NZ_DIGEST_RING * 5 + 12345;
  g_autofree guint8 *data = noise(len, 3);
  static const char *const algorithms[] = {"sha256:", "sha512:"};
  for (gsize i = 0; i < G_N_ELEMENTS(algorithms); i++) {
    g_autofree char *want = nz_digest_of(algorithms[i], data, len);
    g_autofree char *threaded = hash_of(data, len, NZ_DIGEST_CHUNK / 3, algorithms[i], THREADED);
    g_autofree char *in_place = hash_of(data, len, 2 * NZ_DIGEST_CHUNK, algorithms[i], IN_PLACE);
    g_assert_cmpstr(threaded, ==, want);
    g_assert_cmpstr(in_place, ==, want);
  }
}

static void
test_skipped_bytes_are_hashed_too(void)
{
  gsize len = NZ_DIGEST_CHUNK * (NZ_DIGEST_RING + 3);
  g_autofree guint8 *data = noise(len, 4);
  g_autofree char *want = nz_digest_of("sha256:", data, len);
  g_autoptr(NzStream) stream =
      nz_digest_stream_new(nz_memory_stream_new(data, len), "sha256:", len);
  g_assert_cmpint(nz_stream_skip(stream, G_MAXINT64, NULL), ==, (gint64)len);
  g_autofree char *actual = nz_digest_stream_finish(stream);
  g_assert_cmpstr(actual, ==, want);
}

static void
test_a_stream_may_be_given_up_early(void)
{
  gsize len = NZ_DIGEST_CHUNK * NZ_DIGEST_RING * 3;
  g_autofree guint8 *data = noise(len, 5);
  for (guint taken = 0; taken <= NZ_DIGEST_RING + 1; taken++) {
    g_autoptr(NzStream) stream =
        nz_digest_stream_new(nz_memory_stream_new(data, len), "sha256:", len);
    g_assert_cmpint(nz_stream_skip(stream, taken * NZ_DIGEST_CHUNK, NULL), ==,
                    (gint64)(taken * NZ_DIGEST_CHUNK));
  }
}

static void
test_errors_from_below_pass_through(void)
{
  g_autoptr(NzStream) parent = nz_memory_stream_new("abc", 3);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes =
      read_all(nz_digest_stream_new(nz_slice_stream_new(parent, 9), "sha256:", THREADED), &error);
  g_assert_null(bytes);
  assert_error_says(&error, NZ_ERROR_INPUT, "truncated");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/digest/" name, func)
  ADD("only-canonical-digests-are-valid", test_only_canonical_digests_are_valid);
  ADD("known-content-has-known-digests", test_known_content_has_known_digests);
  ADD("streams-hash-what-passes", test_streams_hash_what_passes);
  ADD("the-ring-wraps-around", test_the_ring_wraps_around);
  ADD("skipped-bytes-are-hashed-too", test_skipped_bytes_are_hashed_too);
  ADD("a-stream-may-be-given-up-early", test_a_stream_may_be_given_up_early);
  ADD("errors-from-below-pass-through", test_errors_from_below_pass_through);
  return g_test_run();
}
